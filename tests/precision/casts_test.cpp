// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/casts.hpp"

#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "support/vector_targets.hpp"

namespace rondo::precision {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Random bit patterns (any float, subnormals and NaNs among them) and values near 1.
std::vector<float> mixed_floats(std::size_t count) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] =
        i % 2 == 0 ? std::bit_cast<float>(static_cast<std::uint32_t>(random())) : normal(random);
  return values;
}

template <class T>
std::vector<T> all_patterns() {
  std::vector<T> patterns;
  for (unsigned bits = 0; bits < 65536; ++bits)
    patterns.push_back(T::from_bits(static_cast<std::uint16_t>(bits)));
  return patterns;
}

template <class T>
class Casts : public testing::Test {};
using StorageTypes = testing::Types<half, bfloat16>;
TYPED_TEST_SUITE(Casts, StorageTypes);

TYPED_TEST(Casts, narrow_as_the_constructor_does_at_any_length_and_offset) {
  const auto values = mixed_floats(5000);
  for (const std::size_t count : {0U, 1U, 3U, 7U, 8U, 15U, 17U, 31U, 33U, 1001U, 4999U}) {
    const auto from = std::span(values).subspan(1, count);
    test::for_each_target([&] {
      std::vector<TypeParam> to(count);

      convert(from, to);

      for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(to[i].bits(), TypeParam(from[i]).bits()) << from[i];
    });
  }
}

TYPED_TEST(Casts, widen_every_pattern_as_the_conversion_operator_does) {
  const auto from = all_patterns<TypeParam>();

  test::for_each_target([&] {
    std::vector<float> to(from.size());

    convert(from, to);

    for (std::size_t i = 0; i < from.size(); ++i)
      ASSERT_EQ(std::bit_cast<std::uint32_t>(to[i]),
                std::bit_cast<std::uint32_t>(static_cast<float>(from[i])));
  });
}

TYPED_TEST(Casts, rounding_through_equals_narrowing_and_widening) {
  const auto values = mixed_floats(3001);

  test::for_each_target([&] {
    auto rounded = values;

    round_through<TypeParam>(rounded);

    for (std::size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(std::bit_cast<std::uint32_t>(rounded[i]),
                std::bit_cast<std::uint32_t>(static_cast<float>(TypeParam(values[i]))));
  });
}

TYPED_TEST(Casts, rounding_through_twice_changes_nothing_more) {
  auto once = mixed_floats(1000);
  round_through<TypeParam>(once);
  auto twice = once;

  round_through<TypeParam>(twice);

  for (std::size_t i = 0; i < once.size(); ++i)
    ASSERT_EQ(std::bit_cast<std::uint32_t>(once[i]), std::bit_cast<std::uint32_t>(twice[i]));
}

TYPED_TEST(Casts, spans_of_different_lengths_are_refused) {
  std::vector<float> wide(3);
  std::vector<TypeParam> narrow(4);

  EXPECT_THROW(convert(wide, narrow), UsageError);
  EXPECT_THROW(convert(narrow, wide), UsageError);
}

TEST(Casts16, go_through_f32_between_half_and_bfloat16) {
  const auto halves = all_patterns<half>();
  const auto bfloats = all_patterns<bfloat16>();
  std::vector<bfloat16> to_bfloat(halves.size());
  std::vector<half> to_half(bfloats.size());

  convert(halves, to_bfloat);
  convert(bfloats, to_half);

  for (std::size_t i = 0; i < halves.size(); ++i) {
    ASSERT_EQ(to_bfloat[i].bits(), bfloat16(static_cast<float>(halves[i])).bits());
    ASSERT_EQ(to_half[i].bits(), half(static_cast<float>(bfloats[i])).bits());
  }
}

TEST(AllFinite, holds_for_every_finite_float) {
  const std::vector<float> values{0.0F, -0.0F, std::numeric_limits<float>::max(),
                                  std::numeric_limits<float>::lowest(),
                                  std::numeric_limits<float>::denorm_min()};

  EXPECT_TRUE(all_finite(values));
  EXPECT_TRUE(all_finite({}));
}

TEST(AllFinite, finds_one_bad_value_at_any_place) {
  std::vector<float> values(10'000, 1.0F);
  for (const float bad : {infinity, -infinity, nan, -nan}) {
    for (const std::size_t place : {0U, 1U, 4095U, 4096U, 8191U, 8192U, 9999U}) {
      values[place] = bad;
      EXPECT_FALSE(all_finite(values)) << bad << " at " << place;
      values[place] = 1.0F;
    }
  }
  EXPECT_TRUE(all_finite(values));
}

}  // namespace
}  // namespace rondo::precision
