// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/dropout_mask.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace rondo::nn {
namespace {

std::vector<float> mask_of(const DropoutKey& key, std::size_t layer, float probability,
                           std::size_t count) {
  std::vector<float> mask(count, -1.0F);
  draw_dropout_mask(key, layer, probability, mask);
  return mask;
}

double share_of_zeros(const std::vector<float>& mask) {
  return static_cast<double>(std::ranges::count(mask, 0.0F)) / static_cast<double>(mask.size());
}

/// Five standard deviations of a share of `count` draws.
double tolerance(double probability, std::size_t count) {
  return 5 * std::sqrt(probability * (1 - probability) / static_cast<double>(count));
}

TEST(DropoutMask, drops_the_share_it_is_told_to_and_scales_the_rest_up) {
  constexpr std::size_t count = 100'000;
  for (const float probability : {0.1F, 0.5F, 0.9F}) {
    const auto mask = mask_of({.seed = 1}, 0, probability, count);

    EXPECT_NEAR(share_of_zeros(mask), probability, tolerance(double{probability}, count));
    EXPECT_EQ(std::set<float>(mask.begin(), mask.end()),
              (std::set<float>{0.0F, 1.0F / (1.0F - probability)}));
  }
}

TEST(DropoutMask, of_probability_zero_keeps_all) {
  EXPECT_EQ(mask_of({.seed = 1}, 0, 0.0F, 1000), std::vector<float>(1000, 1.0F));
}

// Two independent masks both drop an element in p^2 of all cases.
TEST(DropoutMask, is_another_one_for_every_part_of_its_key) {
  constexpr std::size_t count = 100'000;
  const DropoutKey key{.seed = 1, .step = 2, .lane = 3};
  const auto mask = mask_of(key, 4, 0.3F, count);
  const std::vector<std::pair<DropoutKey, std::size_t>> others{
      {{.seed = 2, .step = 2, .lane = 3}, 4},
      {{.seed = 1, .step = 3, .lane = 3}, 4},
      {{.seed = 1, .step = 2 + (std::uint64_t{1} << 32), .lane = 3}, 4},
      {{.seed = 1, .step = 2, .lane = 4}, 4},
      {{.seed = 1, .step = 3, .lane = 2}, 4},
      {key, 5}};

  for (const auto& [other_key, layer] : others) {
    auto both = mask_of(other_key, layer, 0.3F, count);
    std::ranges::transform(both, mask, both.begin(), std::ranges::max);
    EXPECT_NEAR(share_of_zeros(both), 0.09, tolerance(0.09, count));
  }
  EXPECT_EQ(mask_of(key, 4, 0.3F, count), mask);
}

TEST(DropoutMask, of_an_element_does_not_depend_on_how_many_there_are) {
  const DropoutKey key{.seed = 9};
  const auto all = mask_of(key, 1, 0.5F, 1000);

  for (const std::size_t count : {0U, 1U, 3U, 4U, 5U, 999U})
    EXPECT_TRUE(std::ranges::equal(mask_of(key, 1, 0.5F, count), std::span(all).first(count)))
        << count;
}

// Neighbours are drawn apart: pairs are dropped as often as independent ones.
TEST(DropoutMask, has_independent_neighbours) {
  constexpr std::size_t count = 100'000;
  const auto mask = mask_of({.seed = 5}, 0, 0.5F, count + 8);

  for (const std::size_t distance : {1U, 2U, 4U, 8U}) {
    std::vector<float> pairs(count);
    for (std::size_t i = 0; i < count; ++i)
      pairs[i] = std::max(mask[i], mask[i + distance]);
    EXPECT_NEAR(share_of_zeros(pairs), 0.25, tolerance(0.25, count)) << distance;
  }
}

}  // namespace
}  // namespace rondo::nn
