// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/grad/arena.hpp"
#include "rondo/grad/gradient_sum.hpp"
#include "rondo/optim/optimizer.hpp"

#include "train/optimizer_state.hpp"
#include "train/peer_values.hpp"
#include "train/value_gather.hpp"

namespace rondo::train {

/// Brings the parameters from one step to the next, from the sums that a GradientSum holds: on all
/// of the arena, or on this rank's shards, whose new values all ranks must get: in the same pass
/// where the ranks reach each other's values, else they gather them.
class ParameterUpdate {
 public:
  struct Options {
    float statistic_momentum = 0.1F;  ///< share of the step's statistics in the running averages
    bool one_pass = true;             ///< where it is possible
  };

  /// All references must outlive this object. Local.
  ParameterUpdate(grad::Arena& arena, comm::Communicator& comm, grad::GradientSum& sum,
                  const optim::Optimizer& optimizer, const Options& options);

  /// Renews the arena's copy of the values too, if it has one. Where ranks gather values, they are
  /// on their way only when this returns, in the order in which a forward pass reads them: the
  /// parameter that was registered first comes first.
  /// Collective where gradients are sharded; their memory is used to send values from. No rank may
  /// read values after GradientSum::finish(), which all must have left, and before this returns.
  void apply(const optim::StepContext& context, float weight_inverse);

  /// Whether a range of the arena holds its new values, and waiting for that. Local.
  bool is_complete(grad::ElementRange range) const { return gather_.is_complete(range); }
  void finish(grad::ElementRange range) { gather_.finish(range); }

  OptimizerState& state() noexcept { return state_; }
  bool is_one_pass() const noexcept { return !tiles_.empty(); }

 private:
  bool is_statistic(const Run& run) const;
  optim::UpdateRange range_of(const Run& run);
  void measure_parameters(const optim::StepContext& context);
  void measure_pieces(const Run& run, const optim::StepContext& context);
  void update_and_gather(const optim::StepContext& context, float weight_inverse);
  void update_and_store(const optim::StepContext& context, float weight_inverse);
  void update_all(const Part& part, const optim::StepContext& context, float weight_inverse);
  void update(const Run& run, const optim::StepContext& context);
  void update_statistic(const Run& run, float weight_inverse);

  grad::Arena& arena_;
  comm::Communicator& comm_;
  grad::GradientSum& sum_;
  const optim::Optimizer& optimizer_;
  float statistic_momentum_;
  OptimizerState state_;
  PeerValues peers_;
  ValueGather gather_;
  std::vector<Part> tiles_;              // of what this rank holds, for one pass
  std::vector<std::span<float>> slots_;  // of the range at hand
  std::vector<double> piece_sums_;       // Scope::norms: value and direction of each piece
  std::vector<optim::SquareSums> sums_;  // Scope::norms: by parameter
};

}  // namespace rondo::train
