// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/reduce.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace rondo::comm {
namespace {

template <class T>
T reduced(ReduceOp op, T a, T b) {
  reduce(dtype_of<T>, op, std::as_writable_bytes(std::span(&a, 1)),
         std::as_bytes(std::span(&b, 1)));
  return a;
}

template <class T>
T divided(T value, int divisor) {
  divide(dtype_of<T>, std::as_writable_bytes(std::span(&value, 1)), divisor);
  return value;
}

TEST(Reduce, integer_sums_wrap_around) {
  EXPECT_EQ(reduced<std::uint8_t>(ReduceOp::sum, 200, 100), 44);
  EXPECT_EQ(reduced<std::int32_t>(ReduceOp::sum, std::numeric_limits<std::int32_t>::max(), 1),
            std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(reduced<std::int64_t>(ReduceOp::sum, std::numeric_limits<std::int64_t>::max(), 2),
            std::numeric_limits<std::int64_t>::min() + 1);
}

TEST(Reduce, integer_division_truncates_toward_zero) {
  EXPECT_EQ(divided<std::int32_t>(-7, 2), -3);
  EXPECT_EQ(divided<std::int64_t>(7, 4), 1);
  EXPECT_EQ(divided<std::uint8_t>(255, 2), 127);
}

TEST(Reduce, short_float_sums_round_to_nearest_even) {
  // bf16 has 8 significant bits: between 256 and 512 the step is 2, ties go to the even neighbour.
  const auto bf16_sum = [](float a, float b) {
    return static_cast<float>(reduced(ReduceOp::sum, bfloat16(a), bfloat16(b)));
  };
  EXPECT_EQ(bf16_sum(256, 1), 256);
  EXPECT_EQ(bf16_sum(258, 1), 260);
  EXPECT_EQ(bf16_sum(256, 3), 260);

  // f16 has 11: between 2048 and 4096 the step is 2.
  const auto f16_sum = [](float a, float b) {
    return static_cast<float>(reduced(ReduceOp::sum, half(a), half(b)));
  };
  EXPECT_EQ(f16_sum(2048, 1), 2048);
  EXPECT_EQ(f16_sum(2050, 1), 2052);
  EXPECT_EQ(f16_sum(65504, 65504), std::numeric_limits<float>::infinity());
  EXPECT_EQ(static_cast<float>(divided(half(10), 3)), static_cast<float>(half(10.0F / 3.0F)));
}

TEST(Reduce, min_and_max_compare_signed_and_unsigned_values) {
  EXPECT_EQ(reduced<std::int32_t>(ReduceOp::min, -1, 1), -1);
  EXPECT_EQ(reduced<std::int32_t>(ReduceOp::max, -1, 1), 1);
  EXPECT_EQ(reduced<std::uint8_t>(ReduceOp::max, 200, 100), 200);
  EXPECT_EQ(static_cast<float>(reduced(ReduceOp::min, half(-2), half(1))), -2);
  EXPECT_EQ(static_cast<float>(reduced(ReduceOp::max, bfloat16(-2), bfloat16(1))), 1);
}

TEST(Reduce, a_nan_wins_on_either_side) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const ReduceOp op : {ReduceOp::sum, ReduceOp::avg, ReduceOp::min, ReduceOp::max}) {
    EXPECT_TRUE(std::isnan(reduced(op, nan, 1.0F)));
    EXPECT_TRUE(std::isnan(reduced(op, 1.0F, nan)));
    EXPECT_TRUE(std::isnan(static_cast<float>(reduced(op, half(1), half(nan)))));
    EXPECT_TRUE(std::isnan(static_cast<float>(reduced(op, bfloat16(nan), bfloat16(1)))));
  }
}

}  // namespace
}  // namespace rondo::comm
