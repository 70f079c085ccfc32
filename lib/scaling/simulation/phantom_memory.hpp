// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace rondo::scaling {

/// Addresses without memory: buffers of any length whose elements nobody touches. Whoever does ends
/// with a segmentation fault. All ranks may share them.
class PhantomMemory {
 public:
  /// \throws CommError  so many addresses are not to be had
  PhantomMemory();
  PhantomMemory(const PhantomMemory&) = delete;
  PhantomMemory& operator=(const PhantomMemory&) = delete;
  ~PhantomMemory();

  /// Of calls' inputs, of their outputs, and of what tasks work in.
  std::span<std::byte> inputs() const noexcept { return third(0); }
  std::span<std::byte> outputs() const noexcept { return third(1); }
  std::span<std::byte> scratch() const noexcept { return third(2); }

  bool contains(const std::byte* address) const noexcept {
    return begin_ <= address && address < begin_ + 3 * third_bytes;
  }

  /// Of each of the three.
  static constexpr std::size_t third_bytes = std::size_t{1} << 40;

 private:
  std::span<std::byte> third(std::size_t number) const noexcept {
    return {begin_ + number * third_bytes, third_bytes};
  }

  std::byte* begin_;
};

}  // namespace rondo::scaling
