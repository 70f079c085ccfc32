// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "rondo/comm/device_communicator.hpp"

namespace rondo::comm {

class PlainDeviceArena final : public DeviceArena {
 public:
  /// \throws DeviceError  out of memory
  PlainDeviceArena(const Device& device, std::size_t bytes, std::string_view name)
      : memory_(device, bytes, name) {}
  DeviceSpan<std::byte> bytes() noexcept override { return memory_.span(); }

 private:
  DeviceMemory<std::byte> memory_;
};

}  // namespace rondo::comm
