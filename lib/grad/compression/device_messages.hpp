// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "rondo/comm/device_communicator.hpp"

namespace rondo::grad {

/// Memory for what travels: as much as the longest bucket needs, since one bucket is summed after
/// the other.
template <class T>
class DeviceMessages {
 public:
  /// \throws DeviceError  out of memory
  DeviceMessages(comm::DeviceCommunicator& comm, std::size_t count)
      : memory_(comm.allocate(count * sizeof(T), "compressed gradients")), count_(count) {}

  DeviceSpan<T> first(std::size_t count) const {
    return DeviceSpan<T>(reinterpret_cast<T*>(memory_->bytes().data()), count_).first(count);
  }
  std::size_t bytes() const noexcept { return count_ * sizeof(T); }

 private:
  std::unique_ptr<comm::DeviceArena> memory_;
  std::size_t count_;
};

/// Queues: part r of what this rank has goes to rank r; `incoming` gets one of every rank. Parts
/// are equally long. Collective.
template <class T>
void exchange_parts(comm::DeviceCommunicator& comm, DeviceStream& stream, DeviceSpan<T> outgoing,
                    DeviceSpan<T> incoming) {
  std::vector<DeviceSpan<const std::byte>> out;
  std::vector<DeviceSpan<std::byte>> in;
  const auto ranks = static_cast<std::size_t>(comm.size());
  const std::size_t part = outgoing.size() / ranks;
  for (std::size_t r = 0; r < ranks; ++r) {
    out.emplace_back(comm::detail::device_bytes<T>(outgoing.subspan(r * part, part)));
    in.emplace_back(comm::detail::writable_device_bytes(incoming.subspan(r * part, part)));
  }
  comm.exchange(stream, out, in);
}

}  // namespace rondo::grad
