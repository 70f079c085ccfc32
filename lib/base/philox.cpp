// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/philox.hpp"

#include <bit>
#include <utility>

#include "rondo/base/error.hpp"

namespace rondo {

std::uint64_t permuted(std::uint64_t seed, std::uint32_t stream, std::uint64_t count,
                       std::uint64_t index) {
  require(index < count, "permuted: index must be below count");
  if (count == 1) return 0;
  const auto half_bits = static_cast<int>(std::bit_width(count - 1) + 1) / 2;
  const std::uint64_t mask = (std::uint64_t{1} << half_bits) - 1;
  const Philox random(seed, RandomPurpose::shuffle, stream);

  std::uint64_t value = index;
  do {
    std::uint64_t left = value >> half_bits;
    std::uint64_t right = value & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const auto block = random.block(right << 2 | round);
      const std::uint64_t mixed = std::uint64_t{block[1]} << 32 | block[0];
      left = std::exchange(right, left ^ (mixed & mask));
    }
    value = left << half_bits | right;
  } while (value >= count);
  return value;
}

}  // namespace rondo
