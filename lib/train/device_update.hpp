// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/optim/device_optimizer.hpp"

#include "train/device_state.hpp"
#include "train/parameter_update.hpp"

namespace rondo::train {

/// In a GPU's memory, whose state the host's arena and slots get only when somebody asks for it: a
/// checkpoint, say.
class DeviceUpdate final : public ParameterUpdate {
 public:
  /// All references must outlive this object.
  DeviceUpdate(grad::Arena& arena, DeviceState& device, const optim::DeviceOptimizer& optimizer,
               int rank, float statistic_momentum);

  void prepare() override {}
  /// Queues it.
  void apply(const optim::StepContext& context, float weight_inverse) override;

  bool is_under_way(grad::ElementRange) const override { return false; }
  bool is_complete(grad::ElementRange) const override { return has_values_; }
  /// Brings all values.
  void finish(grad::ElementRange range) override;
  void changed() override;

  OptimizerState& state() override;
  std::size_t device_bytes() const override { return device_.bytes(); }

 private:
  DeviceState& device_;
  const optim::DeviceOptimizer& optimizer_;
  float statistic_momentum_;
  OptimizerState state_;
  bool has_values_ = true;  // the host
  bool has_slots_ = true;
};

}  // namespace rondo::train
