// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "rondo/base/float16.hpp"

namespace rondo::precision {

/// Where the random numbers of stochastic rounding come from; without a seed, to nearest even.
struct RoundingKey {
  std::optional<std::uint64_t> seed = {};
  std::uint64_t step = 0;
  std::uint64_t first = 0;  ///< position of the first value in the arena
};

/// Rounds `values` to the equally long `copy`. To nearest even: the bits of bfloat16's constructor.
/// At random: f32 bits plus a number below 2^16, cut off behind the upper 16 bits; NaN is quiet.
/// Element e draws the half word e % 8 of block e / 8 of Philox(seed, rounding, step mod 2^32).
/// Local.
void round_to_copy(std::span<const float> values, std::span<bfloat16> copy,
                   const RoundingKey& key = {});

}  // namespace rondo::precision
