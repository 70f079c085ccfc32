// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "rondo/base/device_memory.hpp"

namespace rondo::bench {

/// What `memory` holds when `stream` has come to it. Waits.
template <class T>
std::vector<T> read_gpu(DeviceStream& stream, DeviceSpan<const T> memory) {
  std::vector<T> values(memory.size());
  copy<T>(stream, memory, std::span(values));
  stream.wait();
  return values;
}

/// Values in the GPU's memory, in turn with what they were made of.
template <class T>
class GpuArray {
 public:
  GpuArray(const Device& device, std::vector<T> values)
      : host_(std::move(values)), memory_(device, host_.size(), "benchmark's values") {
    DeviceStream stream(device);
    copy<T>(stream, std::span<const T>(host_), memory_.span());
    stream.wait();
  }

  std::span<const T> start() const { return host_; }
  DeviceSpan<T> span() { return memory_.span(); }
  DeviceSpan<const T> view() const { return memory_.span(); }

 private:
  std::vector<T> host_;
  DeviceMemory<T> memory_;
};

/// How many elements differ in a bit.
template <class T>
std::size_t different_bits(std::span<const T> found, std::span<const T> expected) {
  const auto a = std::as_bytes(found);
  const auto b = std::as_bytes(expected);
  std::size_t different = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto at = [i](auto bytes) { return bytes.subspan(i * sizeof(T), sizeof(T)); };
    if (!std::ranges::equal(at(a), at(b))) ++different;
  }
  return different;
}

}  // namespace rondo::bench
