// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/float16.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace rondo {
namespace {

template <class T>
struct Format;
template <>
struct Format<half> {
  static constexpr int fraction_bits = 10;
  static constexpr int bias = 15;
  static constexpr std::uint16_t infinity = 0x7C00;
};
template <>
struct Format<bfloat16> {
  static constexpr int fraction_bits = 7;
  static constexpr int bias = 127;
  static constexpr std::uint16_t infinity = 0x7F80;
};

/// Value of a non-negative pattern by the definition of IEEE formats, exact in a double. The
/// pattern of infinity gets the power of two that it stands for in rounding.
template <class T>
double value_of_pattern(std::uint16_t bits) {
  using F = Format<T>;
  const int exponent = bits >> F::fraction_bits;
  const int fraction = bits & ((1 << F::fraction_bits) - 1);
  const int significand = exponent == 0 ? fraction : fraction + (1 << F::fraction_bits);
  return std::ldexp(significand, std::max(exponent, 1) - F::bias - F::fraction_bits);
}

template <class T>
std::vector<double> values_of_patterns() {
  std::vector<double> values;
  for (std::uint16_t bits = 0; bits <= Format<T>::infinity; ++bits)
    values.push_back(value_of_pattern<T>(bits));
  return values;
}

/// Nearest pattern to |value|, ties to the even one, by search in the table of all values.
template <class T>
std::uint16_t nearest_pattern(const std::vector<double>& values, float value) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const double magnitude = std::abs(static_cast<double>(value));
  const auto above = std::lower_bound(values.begin(), values.end(), magnitude);
  if (above == values.end()) return static_cast<std::uint16_t>(sign | Format<T>::infinity);
  auto index = above - values.begin();
  if (*above != magnitude) {
    const double up = *above - magnitude;
    const double down = magnitude - *(above - 1);
    if (down < up || (down == up && index % 2 == 1)) --index;
  }
  return static_cast<std::uint16_t>(sign | index);
}

template <class T>
class Float16 : public testing::Test {
 protected:
  void expect_nearest(float value) const {
    EXPECT_EQ(T(value).bits(), nearest_pattern<T>(values_, value)) << value;
    EXPECT_EQ(T(-value).bits(), nearest_pattern<T>(values_, -value)) << -value;
  }
  const std::vector<double> values_ = values_of_patterns<T>();
};

using Float16Types = testing::Types<half, bfloat16>;
TYPED_TEST_SUITE(Float16, Float16Types);

TYPED_TEST(Float16, every_number_has_its_value_and_comes_back) {
  for (std::uint16_t bits = 0; bits < Format<TypeParam>::infinity; ++bits) {
    const auto value = static_cast<float>(TypeParam::from_bits(bits));

    ASSERT_EQ(static_cast<double>(value), this->values_[bits]) << bits;
    ASSERT_EQ(TypeParam(value).bits(), bits);
    ASSERT_EQ(TypeParam(-value).bits(), bits | 0x8000);
  }
}

TYPED_TEST(Float16, every_pattern_comes_back_except_that_nans_become_quiet) {
  constexpr unsigned quiet = 1U << (Format<TypeParam>::fraction_bits - 1);
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const auto value = static_cast<float>(TypeParam::from_bits(static_cast<std::uint16_t>(bits)));
    const bool is_nan = (bits & 0x7FFFU) > Format<TypeParam>::infinity;

    ASSERT_EQ(std::isnan(value), is_nan) << bits;
    ASSERT_EQ(TypeParam(value).bits(), is_nan ? bits | quiet : bits);
  }
}

TYPED_TEST(Float16, rounds_to_nearest_even_at_and_beside_every_halfway_point) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i + 1 < this->values_.size(); ++i) {
    const auto halfway = static_cast<float>((this->values_[i] + this->values_[i + 1]) / 2);

    this->expect_nearest(halfway);
    this->expect_nearest(std::nextafter(halfway, 0.0F));
    this->expect_nearest(std::nextafter(halfway, infinity));
    if (this->HasFailure()) return;
  }
}

TYPED_TEST(Float16, rounds_random_floats_to_nearest_even) {
  std::mt19937 random(1);
  for (int i = 0; i < 300'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isnan(value)) this->expect_nearest(value);
    if (this->HasFailure()) return;
  }
}

TYPED_TEST(Float16, keeps_infinities_and_signed_zeros_and_overflows_to_infinity) {
  constexpr std::uint16_t infinity = Format<TypeParam>::infinity;
  EXPECT_EQ(TypeParam(std::numeric_limits<float>::infinity()).bits(), infinity);
  EXPECT_EQ(TypeParam(-std::numeric_limits<float>::infinity()).bits(), infinity | 0x8000);
  EXPECT_EQ(TypeParam(std::numeric_limits<float>::max()).bits(), infinity);
  EXPECT_EQ(TypeParam(0.0F).bits(), 0);
  EXPECT_EQ(TypeParam(-0.0F).bits(), 0x8000);
}

TYPED_TEST(Float16, keeps_any_nan_a_nan_of_its_sign) {
  for (const std::uint32_t payload : {0x1U, 0x1FFFU, 0x7FFFU, 0xFFFFU, 0x400000U, 0x7FFFFFU}) {
    for (const std::uint32_t sign : {0x0U, 0x80000000U}) {
      const TypeParam rounded(std::bit_cast<float>(sign | 0x7F800000U | payload));

      EXPECT_TRUE(std::isnan(static_cast<float>(rounded))) << payload;
      EXPECT_EQ(rounded.bits() >> 15, static_cast<int>(sign >> 31)) << payload;
    }
  }
}

TEST(Half, knows_its_landmarks) {
  EXPECT_EQ(half(1.0F).bits(), 0x3C00);
  EXPECT_EQ(half(65504.0F).bits(), 0x7BFF);
  EXPECT_EQ(half(65519.996F).bits(), 0x7BFF);
  EXPECT_EQ(half(65520.0F).bits(), 0x7C00);
  EXPECT_EQ(half(0x1p-24F).bits(), 0x0001);
  EXPECT_EQ(half(0x1p-25F).bits(), 0x0000);
  EXPECT_EQ(half(0x1.000002p-25F).bits(), 0x0001);
}

TEST(Bfloat16, knows_its_landmarks) {
  EXPECT_EQ(bfloat16(1.0F).bits(), 0x3F80);
  EXPECT_EQ(bfloat16(1.00390625F).bits(), 0x3F80);  // halfway, to the even side
  EXPECT_EQ(bfloat16(1.01171875F).bits(), 0x3F82);  // halfway, to the even side
  EXPECT_EQ(bfloat16(3.14159265F).bits(), 0x4049);
}

}  // namespace
}  // namespace rondo
