// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/philox.hpp"

#include <bit>
#include <utility>

#include "rondo/base/error.hpp"

namespace rondo {
namespace {

struct Product {
  std::uint32_t high;
  std::uint32_t low;
};

Product multiply(std::uint32_t a, std::uint32_t b) noexcept {
  const std::uint64_t product = std::uint64_t{a} * b;
  return {static_cast<std::uint32_t>(product >> 32), static_cast<std::uint32_t>(product)};
}

}  // namespace

Philox::Block Philox::philox4x32(Block counter, std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const auto [high0, low0] = multiply(0xD2511F53U, counter[0]);
    const auto [high1, low1] = multiply(0xCD9E8D57U, counter[2]);
    counter = {high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0};
    key[0] += 0x9E3779B9U;  // golden ratio
    key[1] += 0xBB67AE85U;  // sqrt(3) - 1
  }
  return counter;
}

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
