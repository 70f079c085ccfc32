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
#include "train/parameter_update.hpp"
#include "train/peer_values.hpp"
#include "train/value_gather.hpp"

namespace rondo::train {

/// In the host's memory: on all of the arena, or on this rank's shards, whose new values all ranks
/// must get: in the same pass where the ranks reach each other's values, else they gather them.
class HostUpdate final : public ParameterUpdate {
 public:
  struct Options {
    float statistic_momentum = 0.1F;  ///< share of the step's statistics in the running averages
    bool one_pass = true;             ///< where it is possible
    bool gather_in_step = true;       ///< apply() returns with the values of all ranks
  };

  /// All references must outlive this object. Local.
  HostUpdate(grad::Arena& arena, comm::Communicator& comm, grad::GradientSum& sum,
             const optim::Optimizer& optimizer, const Options& options);

  void prepare() override { finish_all(); }
  /// Where ranks gather values, they travel in the order in which a forward pass reads them: the
  /// parameter that was registered first comes first.
  /// The gradients' memory is used to send values from. No rank may read values after
  /// GradientSum::finish(), which all must have left, and before this returns.
  void apply(const optim::StepContext& context, float weight_inverse) override;

  bool is_under_way(grad::ElementRange range) const override { return !gather_.is_complete(range); }
  void finish(grad::ElementRange range) override;
  void changed() override {}

  OptimizerState& state() override { return state_; }
  bool is_one_pass() const noexcept override { return !tiles_.empty(); }

 private:
  void finish_all() { finish({0, arena_.layout().elements()}); }
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
  Options options_;
  OptimizerState state_;
  PeerValues peers_;
  ValueGather gather_;
  std::vector<Part> tiles_;                    // of what this rank holds, for one pass
  std::vector<std::span<float>> slots_;        // of the range at hand
  std::vector<optim::SquareSums> piece_sums_;  // Scope::norms: of each piece
  std::vector<optim::SquareSums> sums_;        // Scope::norms: by parameter
};

}  // namespace rondo::train
