// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/device_parameter.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/comm/device_communicator.hpp"
#include "rondo/grad/arena.hpp"
#include "rondo/grad/bucket_size.hpp"
#include "rondo/grad/compression.hpp"
#include "rondo/grad/device_compression.hpp"
#include "rondo/grad/gradient_sum.hpp"
#include "rondo/grad/reduction.hpp"
#include "rondo/grad/sharding.hpp"
#include "rondo/optim/device_optimizer.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/precision/loss_scaler.hpp"
#include "rondo/precision/policy.hpp"
#include "rondo/telemetry/skew.hpp"
#include "rondo/train/memory.hpp"
#include "rondo/train/step_health.hpp"

namespace rondo::train {

/// What a step did, alike on every rank.
struct StepResult {
  double weight = 0;    ///< sum of the loss weights of the step
  double loss = 0;      ///< weighted mean over the step's samples
  double accuracy = 0;  ///< correct / weight
  /// Length of the mean gradient, without loss scale and before clipping; the same bits on any
  /// number of ranks and with any sharding, if the gradients are. Running averages do not count.
  double grad_norm = 0;
  bool clipped = false;  ///< grad_norm was above Options::clip_norm
  bool bad = false;      ///< see BadStep
  bool applied = true;   ///< false: nothing was updated: an overflow in f16, no weight, or bad
  bool stop = false;     ///< some rank asked to stop: leave the loop now
};

/// With sharding, when a rank holds the new values that others have computed.
enum class Gather : std::uint8_t {
  in_step,    ///< when step() returns
  in_forward  ///< when wait_for_parameter() returns: they travel while the next forward pass runs
};

constexpr std::string_view name_of(Gather gather) {
  return gather == Gather::in_step ? "in step" : "in forward";
}

/// What a parameter is that no lane of a step has announced. (In lanes that do not announce it, it
/// has a zero gradient, as long as one lane does.)
enum class Unannounced : std::uint8_t {
  error,  ///< forgotten: AgreedError, and nothing is updated
  zero    ///< of a layer that the step did not touch: its gradient is zero
};

constexpr std::string_view name_of(Unannounced meaning) {
  return meaning == Unannounced::error ? "error" : "zero";
}

/// Where a session on a GPU works; all of it must outlive the session.
struct DeviceSite {
  const Device& device;
  DeviceStream& stream;            ///< on which lanes compute; the session updates parameters there
  comm::DeviceCommunicator& comm;  ///< of the same ranks as the host's communicator
};

class DeviceState;
class OptimizerState;
class ParameterUpdate;

/// All that a trainer's main() needs: parameters and gradients in one arena, lanes, their sum over
/// all ranks, loss scaling and the optimizer.
///
/// A step: for each of `lanes()` in order, `begin_lane(lane, weight)`, add the lane's
/// gradients of `loss_scale() * sum of weight * loss` to `parameters()[i].grad`, announce each with
/// `ready(i)`, `end_lane(loss, correct)`; then `step(lr)`. Nobody divides by a batch or world size:
/// weights travel with the sums, and the division happens once, here.
///
/// On a GPU, values, gradients and slots lie in its memory (device_parameters()), and lanes queue
/// their work on its stream; no call but step() and what reads or writes the state waits for it.
/// With Reduction::fixed the bits are the CPU's. The host has the state for checkpoints.
///
/// Collective: the constructor, `synchronize`, `ready` in a rank's last lane, `step`. Specs,
/// options and optimizer must be equal on all ranks. Not thread-safe.
class Session {
 public:
  struct Options {
    std::size_t lanes = 1;
    grad::Reduction reduction = grad::Reduction::fast;
    precision::Policy precision = Precision::f32;
    std::uint64_t rounding_seed = 0;  ///< with precision::Rounding::stochastic
    /// Default: what grad::measure_bucket_size() says; with compression, whose results depend on
    /// it, grad::default_bucket_bytes. With Reduction::fast on more than two ranks, bits depend on
    /// it too.
    std::optional<std::size_t> bucket_bytes = {};
    float statistic_momentum = 0.1F;  ///< share of the step's statistics in the running averages
    grad::Sharding sharding = grad::Sharding::none;
    /// With sharding, where all ranks share one node: new values are stored into all ranks' memory
    /// as they are computed, instead of being gathered behind that. The same bits either way.
    bool one_pass = true;
    /// Gather::in_forward is for callers that wait for each parameter before they read it. It
    /// changes nothing without sharding or in one pass.
    Gather gather = Gather::in_step;
    /// How gradients travel: one of grad::compression_names(). Only "none" goes with sharding or
    /// with Reduction::fixed.
    std::string compression = "none";
    grad::CompressionOptions compression_options = {};
    /// The mean gradient is shortened to this length where it is longer.
    double clip_norm = std::numeric_limits<double>::infinity();
    /// Elements of the mean gradient are moved into [-clip_value, clip_value], after clip_norm.
    float clip_value = std::numeric_limits<float>::infinity();
    precision::LossScaler::Options loss_scale = {};  ///< with Precision::f16
    /// Costs a message only in steps none of whose lanes announces every parameter.
    Unannounced unannounced = Unannounced::error;
    BadStep bad_step = BadStep::abort;
    StepHealth::Options health = {};
  };

  /// `comm` must outlive the session.
  /// \throws ConfigError  a policy with contradictions, more ranks than lanes, a bound that is not
  ///                      positive, sharding with an optimizer that must see whole parameters, an
  ///                      unknown compression or one that does not go with the rest
  /// \throws AgreedError  (internal) the ranks' parameters or options differ, listing how
  Session(comm::Communicator& comm, std::span<const ParameterSpec> parameters,
          std::unique_ptr<optim::Optimizer> optimizer, const Options& options);
  /// On a GPU. Not built yet: Sharding::zero2.
  /// \throws ConfigError  as above, or one of these; DeviceError  out of memory
  Session(comm::Communicator& comm, std::span<const ParameterSpec> parameters,
          std::unique_ptr<optim::DeviceOptimizer> optimizer, const Options& options,
          const DeviceSite& site);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// After a step gradients are unspecified, and must not be written, until the next lane begins.
  /// Where the policy has a copy of the values, it is renewed by `synchronize`, `restore` and
  /// `step`. Both wait for all values as finish_parameters() does; views that are kept do not.
  ///
  /// On a GPU these are the host's memory, without gradients: what is written there reaches the GPU
  /// with `synchronize` or `restore`, and what the GPU has done since is fetched by each call.
  std::span<const ParameterView> parameters();
  grad::Arena& arena();
  bool is_on_device() const noexcept { return device_ != nullptr; }
  /// The same in the GPU's memory, for whatever is queued on the site's stream; empty on the CPU.
  std::span<const DeviceParameterView> device_parameters() const noexcept { return device_views_; }
  comm::LaneRange lanes() const noexcept { return sum_.lanes(); }

  /// With Gather::in_forward: the value of one parameter, and its copy, are the last step's when
  /// this returns. Values travel in the order of registration; as long as some do, each call
  /// advances them. Returns at once where nothing is under way, in any mode. On a GPU it always
  /// does: what is queued on the site's stream afterwards waits. Local.
  /// \throws CommError  as a step would
  void wait_for_parameter(std::size_t parameter);
  /// The same for all parameters: before whatever reads them other than the forward pass.
  void finish_parameters();

  /// Makes the values on every rank those of rank 0.
  void synchronize();

  float loss_scale() const noexcept { return scaler_.scale(); }
  void begin_lane(std::size_t lane, double weight) { sum_.begin_lane(lane, weight); }
  /// Several at once, with Reduction::fast: as GradientSum::begin_lanes().
  void begin_lanes(comm::LaneRange lanes, double weight) { sum_.begin_lanes(lanes, weight); }
  /// As GradientSum::ready(). \throws UsageError  nobody has waited for the parameter since the
  /// last
  ///   step: its gradient comes of old values
  void ready(std::size_t parameter);
  void end_lane(double loss, double correct) { sum_.end_lane(loss, correct); }
  /// On a GPU: the same of two numbers in its memory, which the stream's work leaves there.
  void end_lane(DeviceSpan<const float> loss_and_correct) { sum_.end_lane(loss_and_correct); }

  /// Sums the gradients over all lanes and updates the parameters.
  /// \throws UsageError  weights whose sum has no finite inverse in f32, on all ranks
  /// \throws AgreedError  nothing was updated: numeric_failure, a bad step and BadStep::abort;
  ///                      internal, parameters that no lane announced and Unannounced::error,
  ///                      which a step without weight does not ask for
  StepResult step(float lr, bool stop_wanted = false);

  /// The clock that finds stragglers, see grad::GradientSum::times(): tell it of waits for batches
  /// and of checkpoints, and of what belongs to no step.
  telemetry::StepTimes& times() noexcept { return sum_.times(); }
  /// By rank, what each did with the time of the last step; the same on all ranks. For a
  /// telemetry::SkewMeter.
  std::span<const telemetry::RankTimes> rank_times() const noexcept { return sum_.rank_times(); }

  /// As StepResult::grad_norm of the last step, for one parameter; 0 before the first.
  double grad_norm(std::size_t parameter) const;

  /// Optimizer steps applied so far; skipped ones do not count.
  std::uint64_t applied_steps() const noexcept { return applied_steps_; }

  /// What is not in the arena's memories.
  struct Counters {
    std::uint64_t applied_steps = 0;
    precision::LossScaler::State scaler;
    StepHealth::State health;
  };
  Counters counters() const { return {applied_steps_, scaler_.state(), health_.state()}; }
  /// \throws ConfigError  counters that these options cannot reach: nothing was changed
  void restore(const Counters& counters);
  /// What restore() throws, without doing it.
  void check(const Counters& counters) const;
  /// Bad steps so far, in all lives of the run.
  std::uint64_t bad_steps() const noexcept { return health_.bad_steps(); }

  /// Of the session's buckets; alike on all ranks.
  const grad::BucketSize& bucket_size() const noexcept { return bucket_size_; }
  const optim::Optimizer& optimizer() const noexcept { return rule_; }
  /// Whether Options::one_pass is followed; alike on all ranks.
  bool is_one_pass() const noexcept;

  /// What this rank has in memory now, measured page by page; not what saves have. Local.
  Memory memory();

  /// For checkpoints.
  OptimizerState& optimizer_state();
  /// Null without compression.
  grad::Compressor* compressor();

 private:
  optim::StepContext context_of(const StepResult& result, float lr) const;
  double squared_norm() const;
  std::optional<std::uint64_t> rounding_seed() const;
  void fetch_state();
  void take_state();
  bool is_overflow(const StepResult& result) const;
  /// Returns true if the step should be applied.
  bool update_loss_scale(bool overflowed);
  /// Names the parameters that no lane announced, if there are any. Collective.
  /// \throws AgreedError
  void refuse_unannounced();
  /// Judges the step's figures. \throws AgreedError
  void judge(StepResult& result);
  std::string describe_non_finite() const;

  comm::Communicator& comm_;
  Options options_;
  std::unique_ptr<optim::Optimizer> optimizer_;               // null on a GPU
  std::unique_ptr<optim::DeviceOptimizer> device_optimizer_;  // null on the CPU
  const optim::Optimizer& rule_;                              // of one of them
  grad::BucketSize bucket_size_;
  grad::Arena arena_;
  std::vector<ParameterView> views_;
  std::unique_ptr<grad::Compressor> compressor_;  // null without; on a GPU, for checkpoints
  std::unique_ptr<DeviceState> device_;           // null on the CPU
  std::unique_ptr<grad::DeviceCompressor> device_compressor_;  // null on the CPU, or without
  std::vector<DeviceParameterView> device_views_;
  grad::GradientSum sum_;
  std::unique_ptr<ParameterUpdate> update_;
  precision::LossScaler scaler_;
  StepHealth health_;
  std::uint64_t applied_steps_ = 0;
  std::vector<double> grad_norms_;  // of the last step, by parameter
  double divisor_ = 1;  // of the last step's gradients: they carry the weights and the loss scale
};

/// What the constructor refuses of options that are equal on all ranks. Local.
/// \throws ConfigError  as there
void check(const Session::Options& options, const optim::Optimizer& optimizer, int ranks);

/// The same of what is not built yet on GPUs. Local. \throws ConfigError
void check_on_device(const Session::Options& options);

/// What a session of options that check() lets pass is going to need on one of the ranks, without
/// what saves take (SessionSaver::planned_copy). Local.
MemoryPlan plan_memory(std::span<const ParameterSpec> parameters, const optim::Optimizer& optimizer,
                       const Session::Options& options, int rank, int ranks);
/// The same of a session on a GPU: Memory::device, and what the host has of it for checkpoints.
MemoryPlan plan_device_memory(std::span<const ParameterSpec> parameters,
                              const optim::Optimizer& optimizer, const Session::Options& options,
                              int rank, int ranks);

}  // namespace rondo::train
