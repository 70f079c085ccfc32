// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "precision/kernels/rounding_element.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/precision/rounding.hpp"

namespace rondo::precision {
namespace {

TEST(RoundingElement, has_the_bits_of_the_vectors) {
  constexpr std::uint64_t seed = 0x123456789ABCDEF0U;
  constexpr std::uint64_t step = (std::uint64_t{7} << 32) + 5;
  constexpr std::uint64_t first = (std::uint64_t{1} << 36) + 13;
  std::vector<float> values(1001);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = std::sin(static_cast<float>(i)) * std::ldexp(1.0F, static_cast<int>(i % 200) - 140);
  values[3] = std::numeric_limits<float>::quiet_NaN();
  values[4] = std::numeric_limits<float>::signaling_NaN();
  values[5] = -std::numeric_limits<float>::infinity();
  std::vector<bfloat16> copy(values.size());

  round_to_copy(values, copy, {.seed = seed, .step = step, .first = first});

  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto block = rounding_block(seed, step, first + i);
    ASSERT_EQ(round_at_random(values[i], block, first + i).bits(), copy[i].bits()) << i;
  }
}

}  // namespace
}  // namespace rondo::precision
