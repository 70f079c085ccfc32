// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <type_traits>

#include "rondo/base/error.hpp"

namespace rondo {

/// A view of a GPU's memory, which the CPU cannot read: a std::span without access to elements.
template <class T>
class DeviceSpan {
 public:
  DeviceSpan() noexcept = default;
  DeviceSpan(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
  /// To const.
  template <class U>
  requires std::is_same_v<T, const U> DeviceSpan(DeviceSpan<U> other)
  noexcept  // NOLINT(google-explicit-constructor): as std::span
      : data_(other.data()), size_(other.size()) {}

  T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t size_bytes() const noexcept { return size_ * sizeof(T); }
  bool empty() const noexcept { return size_ == 0; }

  /// \throws UsageError  not within the view
  DeviceSpan subspan(std::size_t begin, std::size_t count) const {
    require(begin <= size_ && count <= size_ - begin, "DeviceSpan: a part outside of the view");
    return {data_ + begin, count};
  }
  DeviceSpan first(std::size_t count) const { return subspan(0, count); }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace rondo
