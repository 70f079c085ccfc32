// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rondo::io {

/// HDF5's Fletcher32, of bytes that come piece by piece: two sums of 16-bit big-endian words modulo
/// 65535, the second one of the first one's values.
class Fletcher32 {
 public:
  /// Only the last piece may have an odd number of bytes.
  void add(std::span<const std::byte> bytes);
  std::uint32_t value() const noexcept;

 private:
  std::uint64_t sum_ = 0;
  std::uint64_t sum_of_sums_ = 0;
};

/// What HDF5 before 1.6.3 stored for the same bytes, and what later ones accept.
std::uint32_t old_fletcher32(std::uint32_t value) noexcept;

}  // namespace rondo::io
