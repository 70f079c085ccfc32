// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "measure/statistics.hpp"

#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "measure/link.hpp"
#include "rondo_bench/figures.hpp"

namespace rondo::bench {
namespace {

TEST(Summarize, takes_percentiles_by_nearest_rank) {
  std::vector<double> samples(200);
  std::iota(samples.rbegin(), samples.rend(), 1);

  const Summary summary = summarize(samples);

  EXPECT_EQ(summary.minimum, 1);
  EXPECT_EQ(summary.median, 100.5);
  EXPECT_EQ(summary.p95, 190);
  EXPECT_EQ(summary.p99, 198);
}

TEST(Summarize, takes_the_greatest_of_few_as_p99) {
  EXPECT_EQ(summarize(std::vector<double>{3, 1, 2}).p99, 3);
  EXPECT_THROW(summarize({}), UsageError);
}

TEST(MedianRatio, pairs_what_was_measured_in_the_same_repeat) {
  // The machine was slower by half in the second repeat, for both.
  EXPECT_EQ(median_ratio(std::vector<double>{4, 8, 6}, std::vector<double>{2, 4, 2}), 2);
}

TEST(GeometricMean, weighs_twice_and_half_alike) {
  EXPECT_DOUBLE_EQ(geometric_mean(std::vector<double>{2, 0.5, 1}), 1);
}

Figures figures_at_one_second(comm::Collective collective, int ranks) {
  return figures_of({.collective = collective, .dtype = DType::f32, .ranks = ranks, .count = 300},
                    comm::Algorithm::ring, {.seconds = {1, 1, 1}});
}

TEST(Figures, have_the_bandwidths_of_nccl_tests) {
  EXPECT_DOUBLE_EQ(figures_at_one_second(comm::Collective::allreduce, 3).algorithm_bandwidth(),
                   1200);
  EXPECT_DOUBLE_EQ(figures_at_one_second(comm::Collective::allreduce, 3).bus_bandwidth(), 1600);
  EXPECT_DOUBLE_EQ(figures_at_one_second(comm::Collective::reduce_scatter, 3).bus_bandwidth(), 800);
  EXPECT_DOUBLE_EQ(figures_at_one_second(comm::Collective::allgather, 3).bus_bandwidth(), 800);
  EXPECT_DOUBLE_EQ(figures_at_one_second(comm::Collective::broadcast, 3).bus_bandwidth(), 1200);
}

TEST(LinkLimit, is_what_the_best_algorithm_sends_from_a_node) {
  EXPECT_DOUBLE_EQ(link_limit(comm::Collective::allreduce, 1000, 4, 100), 15);
  EXPECT_DOUBLE_EQ(link_limit(comm::Collective::allgather, 1000, 4, 100), 7.5);
  EXPECT_DOUBLE_EQ(link_limit(comm::Collective::broadcast, 1000, 4, 100), 10);
}

TEST(MedianInterval, holds_the_median_and_narrows_with_more_samples) {
  std::vector<double> few{9, 10, 11, 10, 12, 8, 10};
  std::vector<double> many;
  for (int copy = 0; copy < 20; ++copy)
    many.insert(many.end(), few.begin(), few.end());

  const Interval wide = median_interval(few, 1);
  const Interval narrow = median_interval(many, 1);

  EXPECT_GE(wide.low, 8);
  EXPECT_LE(wide.high, 12);
  EXPECT_LT(wide.low, 10);
  EXPECT_GT(wide.high, 10);
  EXPECT_LT(narrow.high - narrow.low, wide.high - wide.low);
}

TEST(MedianInterval, is_the_same_for_the_same_seed) {
  const std::vector<double> samples{1, 5, 2, 8, 3, 9, 4};

  const Interval first = median_interval(samples, 7);
  const Interval second = median_interval(samples, 7);

  EXPECT_EQ(first.low, second.low);
  EXPECT_EQ(first.high, second.high);
}

}  // namespace
}  // namespace rondo::bench
