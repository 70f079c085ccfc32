// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/device_update.hpp"

#include <utility>

namespace rondo::train {

DeviceUpdate::DeviceUpdate(grad::Arena& arena, DeviceState& device,
                           const optim::DeviceOptimizer& optimizer, const Options& options)
    : layout_(arena.layout()),
      device_(device),
      optimizer_(optimizer),
      options_(options),
      state_(layout_, optimizer.rule(), device.comm().rank(), device.is_sharded()) {
  if (device.is_sharded()) gather_.emplace(device, layout_);
}

void DeviceUpdate::apply(const optim::StepContext& context, float weight_inverse) {
  has_values_ = false;
  has_slots_ = false;
  optimizer_.update(device_.stream(), device_.pieces(), device_.arena(), context,
                    {.momentum = options_.statistic_momentum, .weight_inverse = weight_inverse});
  if (!gather_) return;
  gather_->start({.seed = context.rounding_seed, .step = context.step});
  if (options_.gather_in_step) finish_all();
}

void DeviceUpdate::fetch() {
  if (std::exchange(has_values_, true)) return;
  device_.fetch_values();
}

OptimizerState& DeviceUpdate::state() {
  if (std::exchange(has_slots_, true)) return state_;
  for (std::size_t k = 0; k < state_.slots(); ++k)
    copy<float>(device_.stream(), device_.slot(k), state_.slot(k));
  device_.stream().wait();
  return state_;
}

void DeviceUpdate::changed() {
  for (std::size_t k = 0; k < state_.slots(); ++k)
    copy<float>(device_.stream(), state_.slot(k), device_.slot(k));
  device_.send_values();
}

}  // namespace rondo::train
