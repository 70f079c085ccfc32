// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/base/device_parameter.hpp"
#include "rondo/grad/arena.hpp"
#include "rondo/grad/device_gradients.hpp"
#include "rondo/optim/device_optimizer.hpp"
#include "rondo/train/session.hpp"

namespace rondo::train {

/// A session's memory on a GPU: laid out as its arena in the host's memory, with the optimizer's
/// slots. Local.
class DeviceState {
 public:
  /// The arena must outlive this. \throws DeviceError  out of memory
  DeviceState(const DeviceSite& site, grad::Arena& arena, const optim::Optimizer& optimizer);

  DeviceStream& stream() noexcept { return site_.stream; }
  grad::DeviceGradients gradients() noexcept;
  const precision::DevicePieces& pieces() const noexcept { return pieces_; }
  /// All that an optimizer reads and writes.
  optim::DeviceArena arena() noexcept;
  DeviceSpan<float> slot(std::size_t k) noexcept { return slot_views_[k]; }
  std::vector<DeviceParameterView> views();

  /// Values, and their copy, from or to the host's arena. They return when it is done.
  void fetch_values();
  void send_values();

  /// Without gradients.
  std::size_t bytes() const noexcept;

 private:
  DeviceSite site_;
  grad::Arena& host_;
  precision::DevicePieces pieces_;
  std::unique_ptr<comm::DeviceArena> grads_;
  DeviceMemory<float> values_;
  DeviceMemory<bfloat16> copy_;
  std::vector<DeviceMemory<float>> slots_;
  std::vector<DeviceSpan<float>> slot_views_;
  std::optional<optim::DeviceNorms> norms_;  // for rules with Scope::norms
};

}  // namespace rondo::train
