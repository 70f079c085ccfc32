// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

namespace rondo {

/// Bytes of a cache line, and the alignment of every buffer that kernels read.
inline constexpr std::size_t cache_line_bytes = 64;

/// `count` rounded up to a multiple of `unit`.
constexpr std::size_t round_up(std::size_t count, std::size_t unit) {
  return (count + unit - 1) / unit * unit;
}

/// A fixed number of zero-initialised elements at a cache line boundary. Move-only.
template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  AlignedBuffer() noexcept = default;
  explicit AlignedBuffer(std::size_t count)
      : data_(static_cast<T*>(::operator new (round_up(count * sizeof(T), cache_line_bytes),
                                              std::align_val_t{cache_line_bytes}))),
        count_(count) {
    std::uninitialized_value_construct_n(data_.get(), count_);
  }

  T* data() noexcept { return data_.get(); }
  const T* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  T& operator[](std::size_t i) noexcept { return data_.get()[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_.get()[i]; }
  std::span<T> span() noexcept { return {data_.get(), count_}; }
  std::span<const T> span() const noexcept { return {data_.get(), count_}; }

 private:
  struct Free {
    void operator()(T* p) const noexcept {
      ::operator delete (p, std::align_val_t{cache_line_bytes});
    }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t count_ = 0;
};

}  // namespace rondo
