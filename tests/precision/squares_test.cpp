// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/squares.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "support/vector_targets.hpp"

namespace rondo::precision {
namespace {

/// The order of the contract, spelled out.
double sum_in_the_stated_order(const std::vector<float>& values) {
  std::vector<double> partial(16);
  for (std::size_t i = 0; i < values.size(); ++i)
    partial[i % 16] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  for (const std::size_t width : {8U, 4U, 2U, 1U})
    for (std::size_t k = 0; k < width; ++k)
      partial[k] += partial[k + width];
  return partial[0];
}

TEST(SumOfSquares, adds_in_one_stated_order_at_every_length) {
  for (std::size_t count = 0; count < 70; ++count) {
    std::vector<float> values;
    for (std::size_t i = 0; i < count; ++i)
      values.push_back(std::sin(static_cast<float>(i * 37 + 1)));

    test::for_each_target(
        [&] { EXPECT_EQ(sum_of_squares(values), sum_in_the_stated_order(values)) << count; });
  }
}

TEST(SumOfSquares, is_the_same_when_parts_are_added_one_by_one) {
  std::vector<float> values;
  for (std::size_t i = 0; i < 100; ++i)
    values.push_back(std::sin(static_cast<float>(i)));
  const std::span<const float> all = values;

  SquareSum sum;
  sum.add(all.first(16));
  sum.add(all.subspan(16, 64));
  sum.add(all.subspan(80));

  EXPECT_EQ(sum.total(), sum_of_squares(values));
}

TEST(SumOfSquares, is_finite_for_the_largest_floats_and_not_for_what_is_not_finite) {
  std::vector<float> values(1024, std::numeric_limits<float>::max());
  EXPECT_TRUE(std::isfinite(sum_of_squares(values)));

  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    values[1000] = bad;
    EXPECT_FALSE(std::isfinite(sum_of_squares(values)));
  }
}

}  // namespace
}  // namespace rondo::precision
