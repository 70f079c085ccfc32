// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/base/device_parameter.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/grad/arena.hpp"
#include "rondo/grad/device_gradients.hpp"
#include "rondo/optim/device_optimizer.hpp"
#include "rondo/train/session.hpp"

namespace rondo::train {

/// A session's memory on a GPU: laid out as its arena in the host's memory, with the optimizer's
/// slots of what this rank updates. Local.
class DeviceState {
 public:
  /// The arena must outlive this. `sharded`: the rank updates its shards.
  /// \throws DeviceError  out of memory
  DeviceState(const DeviceSite& site, grad::Arena& arena, const optim::Optimizer& optimizer,
              bool sharded);

  DeviceStream& stream() noexcept { return site_.stream; }
  /// On which gradients and values travel between the ranks.
  DeviceStream& transfers() noexcept { return transfers_; }
  comm::DeviceCommunicator& comm() noexcept { return site_.comm; }
  const Device& device() const noexcept { return site_.device; }
  bool is_sharded() const noexcept { return sharded_; }

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
  DeviceSpan<float> values() noexcept { return floats_of(*values_); }
  DeviceSpan<float> floats_of(comm::DeviceArena& memory) const noexcept;
  void add_slots(const optim::Optimizer& optimizer);
  void add_slot(std::string_view name, std::size_t elements);
  void add_factors(const optim::Optimizer& optimizer);
  void add_norms(DeviceStream& stream, DeviceSpan<optim::SquareSums> norms);

  DeviceSite site_;
  grad::Arena& host_;
  bool sharded_;
  DeviceStream transfers_;
  DeviceEvent turn_;  // of one stream, for the other
  precision::DevicePieces pieces_;
  std::unique_ptr<comm::DeviceArena> grads_;
  std::unique_ptr<comm::DeviceArena> values_;
  DeviceMemory<bfloat16> copy_;
  std::vector<DeviceMemory<float>> slots_;
  std::vector<DeviceSpan<float>> slot_views_;
  std::optional<optim::DeviceNorms> norms_;      // for rules with Scope::norms
  std::optional<optim::DeviceFactors> factors_;  // for rules with Scope::parameter
};

}  // namespace rondo::train
