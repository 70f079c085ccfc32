// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

#include "rondo/base/device.hpp"
#include "rondo/base/device_span.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/unique_handle.hpp"

namespace rondo {

struct DeviceMemoryTraits {
  using handle_type = void*;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type memory) noexcept;
};

struct PinnedMemoryTraits {
  using handle_type = void*;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type memory) noexcept;
};

namespace detail {
void* allocate_on_device(const Device& device, std::size_t bytes, std::string_view name);
void* allocate_pinned(std::size_t bytes, std::string_view name);
void copy_bytes(DeviceStream& stream, const void* from, void* to, std::size_t bytes);
void clear_bytes(DeviceStream& stream, void* memory, std::size_t bytes);
}  // namespace detail

/// A fixed number of zero-initialised elements in a GPU's memory, at a multiple of 256 bytes: an
/// arena of which parts are subspans. Move-only. Must outlive the work that uses it: the destructor
/// waits for all of the GPU's work, so none of it reads what is no longer there.
template <class T>
class DeviceMemory {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  DeviceMemory() noexcept = default;
  /// \throws DeviceError  out of memory: `name` says of what, with bytes asked and free
  DeviceMemory(const Device& device, std::size_t count, std::string_view name)
      : memory_(detail::allocate_on_device(device, count * sizeof(T), name)), count_(count) {}

  DeviceSpan<T> span() noexcept { return {static_cast<T*>(memory_.get()), count_}; }
  DeviceSpan<const T> span() const noexcept { return {static_cast<T*>(memory_.get()), count_}; }
  std::size_t size() const noexcept { return count_; }

 private:
  UniqueHandle<DeviceMemoryTraits> memory_;
  std::size_t count_ = 0;
};

/// A fixed number of zero-initialised elements in the host's memory that the system does not move:
/// copies from and to it run behind the caller's back, at the full speed of the link.
template <class T>
class PinnedMemory {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  PinnedMemory() noexcept = default;
  /// \throws DeviceError  out of memory that can be pinned
  PinnedMemory(std::size_t count, std::string_view name)
      : memory_(detail::allocate_pinned(count * sizeof(T), name)), count_(count) {
    std::uninitialized_value_construct_n(static_cast<T*>(memory_.get()), count_);
  }

  std::span<T> span() noexcept { return {static_cast<T*>(memory_.get()), count_}; }
  std::span<const T> span() const noexcept { return {static_cast<T*>(memory_.get()), count_}; }

 private:
  UniqueHandle<PinnedMemoryTraits> memory_;
  std::size_t count_ = 0;
};

/// Queues a copy; both must live until it has run. From and to host memory that is not pinned the
/// call may block. \throws UsageError  different lengths
template <class T>
void copy(DeviceStream& stream, std::span<const T> from, DeviceSpan<T> to) {
  require(from.size() == to.size(), "copy: source and target must have equal lengths");
  detail::copy_bytes(stream, from.data(), to.data(), from.size_bytes());
}
template <class T>
void copy(DeviceStream& stream, DeviceSpan<const T> from, std::span<T> to) {
  require(from.size() == to.size(), "copy: source and target must have equal lengths");
  detail::copy_bytes(stream, from.data(), to.data(), from.size_bytes());
}
template <class T>
void copy(DeviceStream& stream, DeviceSpan<const T> from, DeviceSpan<T> to) {
  require(from.size() == to.size(), "copy: source and target must have equal lengths");
  detail::copy_bytes(stream, from.data(), to.data(), from.size_bytes());
}

/// Queues the setting of all bytes to zero.
template <class T>
void clear(DeviceStream& stream, DeviceSpan<T> memory) {
  detail::clear_bytes(stream, memory.data(), memory.size_bytes());
}

}  // namespace rondo
