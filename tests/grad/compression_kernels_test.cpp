// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/philox.hpp"

#include "grad/compression/int8_blocks.hpp"
#include "grad/compression/largest.hpp"
#include "grad/compression/low_rank.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {
namespace {

using testing::Each;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> random_values(std::size_t count, std::uint32_t stream = 0) {
  const Philox random(11, RandomPurpose::initialize, stream);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = 2 * Philox::uniform(random.block(i)[0]) - 1;
  return values;
}

TEST(Int8Block, splits_a_value_into_code_and_residual) {
  for (const std::size_t count : {1U, 7U, 64U, 1009U}) {
    const auto gradient = random_values(count);
    const auto before = random_values(count, 1);
    auto residual = before;
    std::vector<std::int8_t> codes(count);
    std::vector<float> decoded(count);

    const float scale = encode_block(gradient, residual, codes);
    decode_block(scale, codes, decoded);

    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_NEAR(decoded[i] + residual[i], gradient[i] + before[i], 1e-6);
      EXPECT_LE(std::abs(residual[i]), scale * 0.50001F);
    }
    EXPECT_EQ(*std::ranges::max_element(codes, {}, [](int code) { return std::abs(code); }) % 127,
              0)
        << "the largest value has the largest code";
  }
}

TEST(Int8Block, is_exact_on_its_own_grid) {
  std::vector<float> gradient(255);
  std::iota(gradient.begin(), gradient.end(), -127.0F);
  std::vector<float> residual(255);
  std::vector<std::int8_t> codes(255);

  EXPECT_EQ(encode_block(gradient, residual, codes), 1.0F);

  EXPECT_THAT(residual, Each(0.0F));
  EXPECT_TRUE(std::equal(codes.begin(), codes.end(), gradient.begin()));
}

TEST(Int8Block, leaves_zeros_and_tiny_values_to_the_residual) {
  for (const float value : {0.0F, 1e-44F, 1e-37F}) {
    const std::vector<float> gradient(5, value);
    std::vector<float> residual(5, 0.0F);
    std::vector<std::int8_t> codes(5, std::int8_t{1});

    EXPECT_EQ(encode_block(gradient, residual, codes), 0.0F);

    EXPECT_THAT(residual, Each(value));
    EXPECT_THAT(codes, Each(0));
  }
}

TEST(Int8Block, survives_the_largest_number) {
  const std::vector<float> gradient{std::numeric_limits<float>::max(), 1.0F};
  std::vector<float> residual(2);
  std::vector<std::int8_t> codes(2);

  EXPECT_TRUE(std::isfinite(encode_block(gradient, residual, codes)));

  EXPECT_EQ(codes[0], 127);
  EXPECT_TRUE(std::isfinite(residual[0]));
}

TEST(Int8Block, marks_what_is_not_finite_and_keeps_the_residual) {
  for (const float bad : {nan, -nan, infinity, -infinity}) {
    const std::vector<float> gradient{1, bad, 3};
    std::vector<float> residual{0.25F, 0.5F, 0.75F};
    std::vector<std::int8_t> codes(3);
    std::vector<float> sum(3);

    const float scale = encode_block(gradient, residual, codes);
    add_decoded_block(scale, codes, sum);

    EXPECT_EQ(residual, (std::vector<float>{0.25F, 0.5F, 0.75F}));
    for (const float value : sum)
      EXPECT_TRUE(std::isnan(value));
  }
}

/// By sorting all indices.
std::vector<std::uint32_t> largest_by_sorting(const std::vector<float>& values,
                                              std::size_t wanted) {
  std::vector<std::uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return std::abs(values[a]) > std::abs(values[b]);
  });
  order.resize(wanted);
  std::ranges::sort(order);
  return order;
}

std::vector<std::uint32_t> largest_of(const std::vector<float>& values, std::size_t wanted) {
  Largest largest;
  largest.begin(1);
  largest.count(values);  // what an earlier use left must not count
  largest.begin(wanted);
  const auto half = std::span(values).first(values.size() / 2);
  const auto rest = std::span(values).subspan(values.size() / 2);
  largest.count(half);
  largest.count(rest);
  largest.collect(half, 0);
  largest.collect(rest, half.size());
  std::vector<std::uint32_t> indices;
  for (const Entry& entry : largest.take()) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(entry.value),
              std::bit_cast<std::uint32_t>(values[entry.index]));
    indices.push_back(entry.index);
  }
  std::ranges::sort(indices);
  return indices;
}

TEST(Largest, equals_sorting) {
  for (const std::size_t count : {1U, 2U, 31U, 1009U, 20'011U}) {
    auto values = random_values(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (i % 3 == 0) values[i] = std::ldexp(values[i], static_cast<int>(i % 50) - 40);
      if (i % 7 == 0) values[i] = 0.5F;  // equal ones: the first are taken
    }
    for (const std::size_t wanted : {std::size_t{1}, (count + 9) / 10, (count + 1) / 2, count})
      EXPECT_EQ(largest_of(values, wanted), largest_by_sorting(values, wanted))
          << wanted << " of " << count;
  }
}

TEST(Largest, takes_the_first_of_equal_ones) {
  EXPECT_EQ(largest_of({0, 0, 0, 0}, 2), (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(largest_of({-1, 1, 2, -1, 1}, 3), (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(Largest, takes_what_is_not_finite_first) {
  EXPECT_EQ(largest_of({1, -nan, 3e38F, -infinity, 2}, 2), (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(largest_of({infinity, 1, nan}, 1), (std::vector<std::uint32_t>{2}));
  for (const float value : {nan, infinity, std::numeric_limits<float>::max()}) {
    Largest largest;
    largest.begin(1);
    largest.count(std::vector<float>{value, 1});
    EXPECT_EQ(largest.has_non_finite(), !std::isfinite(value));
  }
}

struct LowRankSizes {
  std::size_t m;
  std::size_t n;
  std::size_t r;
};

class LowRankProducts : public testing::TestWithParam<LowRankSizes> {};

TEST_P(LowRankProducts, equal_the_definition) {
  const auto [m, n, r] = GetParam();
  auto matrix_values = random_values(m * n);
  auto q_values = random_values(r * n, 1);
  std::vector<float> p_values(r * m);
  std::vector<float> rest_values(m * n);
  const Matrix matrix{matrix_values, m, n};
  const Matrix q{q_values, r, n};
  const Matrix p{p_values, r, m};
  const Matrix rest{rest_values, m, n};

  multiply_rows(matrix, q, p);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t k = 0; k < r; ++k)
      EXPECT_NEAR(p.row(k)[i],
                  std::inner_product(q.row(k).begin(), q.row(k).end(), matrix.row(i).begin(), 0.0),
                  1e-5);

  subtract_factors(matrix, p, q, rest);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double product = 0;
      for (std::size_t k = 0; k < r; ++k)
        product += static_cast<double>(p.row(k)[i]) * q.row(k)[j];
      EXPECT_NEAR(rest.row(i)[j], matrix.row(i)[j] - product, 1e-5);
    }

  multiply_columns(matrix, p, q);
  for (std::size_t k = 0; k < r; ++k)
    for (std::size_t j = 0; j < n; ++j) {
      double product = 0;
      for (std::size_t i = 0; i < m; ++i)
        product += static_cast<double>(p.row(k)[i]) * matrix.row(i)[j];
      EXPECT_NEAR(q.row(k)[j], product, 1e-6 * static_cast<double>(m + 100));
    }
}

/// Parts of slices, strips and groups, one of each, and more.
INSTANTIATE_TEST_SUITE_P(Sizes, LowRankProducts,
                         testing::Values(LowRankSizes{5, 37, 3}, LowRankSizes{slice_rows, 1024, 4},
                                         LowRankSizes{2 * slice_rows + 3, 1100, 6}));

TEST(LowRank, makes_rows_orthonormal) {
  for (const float size : {1e-30F, 1.0F, 1e15F}) {
    auto values = random_values(std::size_t{4} * 61);
    for (float& value : values)
      value *= size;
    const Matrix rows{values, 4, 61};

    orthonormalize(rows);

    for (std::size_t a = 0; a < 4; ++a)
      for (std::size_t b = 0; b < 4; ++b)
        EXPECT_NEAR(
            std::inner_product(rows.row(a).begin(), rows.row(a).end(), rows.row(b).begin(), 0.0),
            a == b ? 1.0 : 0.0, 1e-6)
            << size;
  }
}

TEST(LowRank, clears_rows_that_depend_on_others) {
  std::vector<float> values{1, 2, 3, -2, -4, -6, 0, 0, 0, 0, 0, 5};
  const Matrix rows{values, 4, 3};

  orthonormalize(rows);

  EXPECT_NEAR(length_of(rows.row(0)), 1, 1e-6);
  EXPECT_THAT(rows.row(1), Each(0.0F));
  EXPECT_THAT(rows.row(2), Each(0.0F));
  EXPECT_NEAR(length_of(rows.row(3)), 1, 1e-6);
}

TEST(Runs, joins_parameters_over_padding_but_not_over_a_trailer) {
  const std::vector<PlacedParameter> parameters{{{"a", {5}}, 0},
                                                {{"b", {16}}, 16},
                                                {{"statistic", {3}, ParameterRole::statistic}, 48},
                                                {{"c", {2}}, 64}};

  const Runs runs = lossy_runs(parameters);

  ASSERT_EQ(runs.ranges().size(), 2U);
  EXPECT_EQ(runs.ranges()[0].end, 32U);
  EXPECT_EQ(runs.ranges()[1].begin, 64U);
  EXPECT_EQ(runs.count(), 34U);
  EXPECT_EQ(runs.within({30, 65}).count(), 3U);
  EXPECT_EQ(runs.outside({0, 80}).count(), 32U + 14U);
  EXPECT_EQ(runs.outside({1, 1}).count(), 0U);
}

TEST(Runs, visit_a_part_of_their_sequence) {
  const Runs runs({{10, 13}, {20, 25}});
  std::vector<std::vector<std::size_t>> visits;

  runs.visit_part(2, 100, [&](std::size_t at, std::size_t position, std::size_t count) {
    visits.push_back({at, position, count});
  });

  EXPECT_EQ(visits, (std::vector<std::vector<std::size_t>>{{12, 2, 1}, {20, 3, 5}}));
}

}  // namespace
}  // namespace rondo::grad
