// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "rondo/optim/device_optimizer.hpp"

#include "train/device_state.hpp"
#include "train/device_value_gather.hpp"
#include "train/parameter_update.hpp"

namespace rondo::train {

/// In a GPU's memory, whose state the host's arena and slots get only when somebody asks for it: a
/// checkpoint, say. Of shards, the new values go to all ranks.
class DeviceUpdate final : public ParameterUpdate {
 public:
  struct Options {
    float statistic_momentum = 0.1F;  ///< share of the step's statistics in the running averages
    bool gather_in_step = true;       ///< what is queued behind apply() has the values of all ranks
  };

  /// All references must outlive this object.
  DeviceUpdate(grad::Arena& arena, DeviceState& device, const optim::DeviceOptimizer& optimizer,
               const Options& options);

  void prepare() override { finish_all(); }
  /// Queues it.
  void apply(const optim::StepContext& context, float weight_inverse) override;

  bool is_under_way(grad::ElementRange range) const override {
    return gather_ && !gather_->is_awaited(range);
  }
  void finish(grad::ElementRange range) override {
    if (gather_) gather_->await(range);
  }
  void fetch() override;
  void changed() override;

  OptimizerState& state() override;
  std::size_t device_bytes() const override { return device_.bytes(); }

 private:
  void finish_all() { finish({0, layout_.elements()}); }

  const grad::Layout& layout_;
  DeviceState& device_;
  const optim::DeviceOptimizer& optimizer_;
  Options options_;
  OptimizerState state_;
  std::optional<DeviceValueGather> gather_;  // with sharding
  bool has_values_ = true;                   // the host
  bool has_slots_ = true;
};

}  // namespace rondo::train
