// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace rondo {

/// What a random number is for; separates the streams of one seed.
enum class RandomPurpose : std::uint32_t {
  initialize = 1,
  shuffle = 2,
  augment = 3,
  dropout = 4,
  rounding = 5,
  compress = 6,
  window = 7,
  noise = 8,
  crop = 9
};

/// Counter-based random numbers: a pure function of (key, counter), no state to save or to skip.
///
/// Philox4x32-10 of Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3"
/// (SC 2011). The counter's upper words hold the purpose and the stream, so that every rank,
/// thread and resumed run draws the same number for the same (seed, purpose, stream, index).
class Philox {
 public:
  using Block = std::array<std::uint32_t, 4>;

  constexpr Philox(std::uint64_t seed, RandomPurpose purpose, std::uint32_t stream = 0) noexcept
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        purpose_(static_cast<std::uint32_t>(purpose)),
        stream_(stream) {}

  /// The four numbers of block `index`.
  constexpr Block block(std::uint64_t index) const noexcept {
    return philox4x32({static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                       stream_, purpose_},
                      key_);
  }

  /// A number in [0, 1) with 24 random bits.
  static constexpr float uniform(std::uint32_t bits) noexcept {
    return static_cast<float>(bits >> 8) * 0x1p-24F;
  }

  /// The bare function: ten rounds on `counter` under `key`.
  static constexpr Block philox4x32(Block counter, std::array<std::uint32_t, 2> key) noexcept {
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t product0 = std::uint64_t{0xD2511F53U} * counter[0];
      const std::uint64_t product1 = std::uint64_t{0xCD9E8D57U} * counter[2];
      counter = {upper(product1) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product1),
                 upper(product0) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(product0)};
      key[0] += 0x9E3779B9U;  // golden ratio
      key[1] += 0xBB67AE85U;  // sqrt(3) - 1
    }
    return counter;
  }

 private:
  static constexpr std::uint32_t upper(std::uint64_t product) noexcept {
    return static_cast<std::uint32_t>(product >> 32);
  }

  std::array<std::uint32_t, 2> key_;
  std::uint32_t purpose_;
  std::uint32_t stream_;
};

/// A permutation of [0, count) without a table: `permuted(seed, stream, count, i)` is a bijection
/// in `i` for fixed (seed, stream, count).
///
/// Four-round Feistel network on the next even power of two, with Philox as round function,
/// walking the cycle until the value falls below `count` (Black and Rogaway, "Ciphers with
/// Arbitrary Finite Domains", CT-RSA 2002).
std::uint64_t permuted(std::uint64_t seed, std::uint32_t stream, std::uint64_t count,
                       std::uint64_t index);

}  // namespace rondo
