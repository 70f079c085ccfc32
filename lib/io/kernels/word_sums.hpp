// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace rondo::io {

/// Modulo 65535 as folding to 16 bits does it, and HDF5 with it: only 0 becomes 0, a multiple of
/// 65535 becomes 65535.
inline std::uint64_t folded(std::uint64_t sum) {
  return sum == 0 ? 0 : (sum - 1) % 65535 + 1;
}

/// The two sums of Fletcher32.
struct WordSums {
  std::uint64_t sum = 0;
  std::uint64_t sum_of_sums = 0;

  /// Goes on with `words` words whose own sums are `next`; folds.
  void append(const WordSums& next, std::size_t words) {
    const std::uint64_t repeated = words % 65535 * folded(sum);
    sum_of_sums = folded(sum_of_sums + repeated + next.sum_of_sums);
    sum = folded(sum + next.sum);
  }
};

}  // namespace rondo::io
