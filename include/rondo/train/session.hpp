// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/grad/arena.hpp"
#include "rondo/grad/gradient_sum.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/precision/loss_scaler.hpp"
#include "rondo/precision/policy.hpp"

namespace rondo::train {

/// What a step did, alike on every rank.
struct StepResult {
  double weight = 0;    ///< sum of the loss weights of the step
  double loss = 0;      ///< weighted mean over the step's samples
  double accuracy = 0;  ///< correct / weight
  bool applied = true;  ///< false: gradients overflowed, the step was skipped (f16 only)
  bool stop = false;    ///< some rank asked to stop: leave the loop now
};

/// All that a trainer's main() needs: parameters and gradients in one arena, lanes, their sum over
/// all ranks, loss scaling and the optimizer.
///
/// A step: for each of `lanes()` in order, `begin_lane(lane, weight)`, add the lane's
/// gradients of `loss_scale() * sum of weight * loss` to `parameters()[i].grad`, announce each with
/// `ready(i)`, `end_lane(loss, correct)`; then `step(lr)`. Nobody divides by a batch or world size:
/// weights travel with the sums, and the division happens once, here.
///
/// Collective: the constructor, `synchronize`, `ready`, `step`. Specs, options and optimizer must
/// be equal on all ranks. Not thread-safe.
class Session {
 public:
  struct Options {
    std::size_t lanes = 1;
    grad::Reduction reduction = grad::Reduction::fast;
    Precision precision = Precision::f32;
    std::size_t bucket_bytes = std::size_t{1} << 22;
    float statistic_momentum = 0.1F;  ///< share of the step's statistics in the running averages
  };

  /// `comm` must outlive the session.
  /// \throws ConfigError  more ranks than lanes
  /// \throws CommError    (internal) the ranks' parameters differ
  Session(comm::Communicator& comm, std::span<const ParameterSpec> parameters,
          std::unique_ptr<optim::Optimizer> optimizer, Options options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  std::span<const ParameterView> parameters() const noexcept { return views_; }
  comm::LaneRange lanes() const noexcept { return sum_.lanes(); }
  grad::Arena& arena() noexcept { return arena_; }

  /// Makes values and optimizer slots on every rank those of rank 0.
  void synchronize();

  float loss_scale() const noexcept { return scaler_.scale(); }
  void begin_lane(std::size_t lane, double weight) { sum_.begin_lane(lane, weight); }
  void ready(std::size_t parameter) { sum_.ready(parameter); }
  void end_lane(double loss, double correct) { sum_.end_lane(loss, correct); }

  /// Sums the gradients over all lanes and updates the parameters.
  /// \throws NumericError  gradients are not finite and precision is not f16: nothing was updated
  StepResult step(float lr, bool stop_wanted = false);

  /// Optimizer steps applied so far; skipped ones do not count.
  std::uint64_t applied_steps() const noexcept { return applied_steps_; }

  /// What is not in the arena's memories.
  struct Counters {
    std::uint64_t applied_steps = 0;
    precision::LossScaler::State scaler;
  };
  Counters counters() const noexcept { return {applied_steps_, scaler_.state()}; }
  void restore(const Counters& counters);

  const optim::Optimizer& optimizer() const noexcept { return *optimizer_; }

 private:
  void check_same_parameters();
  void apply(float lr, double weight, float scale);
  void update_statistic(std::size_t parameter, float weight_inverse);
  std::string first_non_finite();

  comm::Communicator& comm_;
  Options options_;
  std::unique_ptr<optim::Optimizer> optimizer_;
  grad::Arena arena_;
  std::vector<ParameterView> views_;
  grad::GradientSum sum_;
  precision::LossScaler scaler_;
  std::uint64_t applied_steps_ = 0;
};

}  // namespace rondo::train
