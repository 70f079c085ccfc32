// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/rounding.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/precision/casts.hpp"

#include "support/vector_targets.hpp"

namespace rondo::precision {
namespace {

/// Every upper half of an f32 with lower halves around the places where rounding changes.
std::vector<float> all_kinds_of_floats() {
  std::vector<float> values;
  for (std::uint32_t upper = 0; upper < 0x10000; ++upper)
    for (const std::uint32_t lower : {0x0000U, 0x0001U, 0x7FFFU, 0x8000U, 0x8001U, 0xFFFFU})
      values.push_back(std::bit_cast<float>(upper << 16 | lower));
  return values;
}

std::vector<bfloat16> copy_of(const std::vector<float>& values, const RoundingKey& key) {
  std::vector<bfloat16> copy(values.size());
  round_to_copy(values, copy, key);
  return copy;
}

TEST(Rounding, to_nearest_has_the_bits_of_the_conversion_to_bf16) {
  const std::vector<float> values = all_kinds_of_floats();
  std::vector<bfloat16> expected(values.size());
  convert(values, expected);

  test::for_each_target([&] {
    const std::vector<bfloat16> copy = copy_of(values, {});
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(copy[i].bits(), expected[i].bits()) << std::bit_cast<std::uint32_t>(values[i]);
  });
}

/// What rounding.hpp says of rounding at random, element by element.
std::uint16_t rounded_at_random(float value, std::uint64_t seed, std::uint32_t step,
                                std::uint64_t position) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (std::isnan(value)) return bfloat16(value).bits();
  const auto block = Philox(seed, RandomPurpose::rounding, step).block(position / 8);
  const std::uint32_t word = block[position % 8 / 2];
  const std::uint32_t number = position % 2 == 0 ? word & 0xFFFFU : word >> 16;
  return static_cast<std::uint16_t>((bits + number) >> 16);
}

TEST(Rounding, at_random_adds_the_random_number_of_seed_step_and_position) {
  const std::vector<float> values = all_kinds_of_floats();
  constexpr std::uint64_t seed = 0x0123'4567'89AB'CDEF;
  constexpr std::uint64_t first = (std::uint64_t{1} << 35) - 5;  // the counter's words carry

  test::for_each_target([&] {
    const std::vector<bfloat16> copy = copy_of(values, {seed, 77, first});
    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(copy[i].bits(), rounded_at_random(values[i], seed, 77, first + i)) << i;
  });
}

TEST(Rounding, at_random_is_right_on_average) {
  const float value = 1.0F + 0.3F / 128;  // 0.3 of the way between two bf16
  const std::vector<float> values(100'000, value);
  double sum = 0;
  for (const bfloat16 rounded : copy_of(values, {5, 1, 0}))
    sum += static_cast<double>(static_cast<float>(rounded));

  // Five standard deviations of the mean.
  EXPECT_NEAR(sum / 1e5, value, 5 * std::sqrt(0.3 * 0.7 / 1e5) / 128);
}

TEST(Rounding, of_spans_of_different_lengths_is_refused) {
  const std::vector<float> values(3);
  std::vector<bfloat16> copy(4);

  EXPECT_THROW(round_to_copy(values, copy), UsageError);
}

}  // namespace
}  // namespace rondo::precision
