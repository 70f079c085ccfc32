// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/lane_sampler.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"

namespace rondo::data {
namespace {

using Samples = std::vector<std::uint64_t>;

/// Everything that the lanes use in an epoch, in the order of steps, then lanes.
Samples samples_of_epoch(const LaneSampler& sampler, std::size_t epoch) {
  Samples all;
  for (std::size_t step = 0; step < sampler.steps_per_epoch(); ++step)
    for (std::size_t lane = 0; lane < sampler.lanes(); ++lane) {
      const Samples lanes_own = sampler.samples(epoch, step, lane);
      all.insert(all.end(), lanes_own.begin(), lanes_own.end());
    }
  return all;
}

Samples counting(std::size_t count) {
  Samples samples(count);
  std::iota(samples.begin(), samples.end(), 0U);
  return samples;
}

TEST(LaneSampler, uses_every_sample_once_an_epoch) {
  for (const std::size_t samples : {1, 7, 97, 1000})
    for (const std::size_t lanes : {1, 3, 4, 8})
      for (const std::size_t micro_batch : {1, 5, 16}) {
        SCOPED_TRACE(::testing::Message()
                     << samples << " samples, " << lanes << " lanes of " << micro_batch);
        const LaneSampler sampler(42, samples, lanes, micro_batch);

        Samples used = samples_of_epoch(sampler, 3);

        std::sort(used.begin(), used.end());
        EXPECT_EQ(used, counting(samples));
      }
}

TEST(LaneSampler, follows_the_keyed_permutation) {
  const LaneSampler sampler(5, 103, 4, 8);

  const Samples used = samples_of_epoch(sampler, 2);

  for (std::size_t i = 0; i < used.size(); ++i)
    EXPECT_EQ(used[i], permuted(5, 2, 103, i));
}

TEST(LaneSampler, deals_an_uneven_last_step_evenly) {
  const LaneSampler sampler(1, 4 * 8 + 6, 4, 8);

  std::vector<std::size_t> begins;
  std::vector<std::size_t> counts;
  for (std::size_t lane = 0; lane < 4; ++lane) {
    begins.push_back(sampler.interval(1, lane).begin);
    counts.push_back(sampler.interval(1, lane).count);
  }

  EXPECT_EQ(sampler.steps_per_epoch(), 2U);
  EXPECT_THAT(begins, ::testing::ElementsAre(32, 34, 36, 37));
  EXPECT_THAT(counts, ::testing::ElementsAre(2, 2, 1, 1));
}

TEST(LaneSampler, leaves_lanes_empty_when_samples_run_out) {
  const LaneSampler sampler(1, 2, 4, 8);

  EXPECT_EQ(sampler.samples(0, 0, 1).size(), 1U);
  EXPECT_EQ(sampler.samples(0, 0, 3).size(), 0U);
}

TEST(LaneSampler, fills_every_lane_before_the_last_step) {
  const LaneSampler sampler(1, 100, 3, 7);

  for (std::size_t step = 0; step + 1 < sampler.steps_per_epoch(); ++step)
    for (std::size_t lane = 0; lane < 3; ++lane)
      EXPECT_EQ(sampler.samples(0, step, lane).size(), 7U);
}

TEST(LaneSampler, orders_differ_between_epochs_and_seeds) {
  const LaneSampler sampler(1, 1000, 2, 8);
  const LaneSampler other_seed(2, 1000, 2, 8);
  const Samples first = samples_of_epoch(sampler, 0);

  EXPECT_NE(samples_of_epoch(sampler, 1), first);
  EXPECT_NE(samples_of_epoch(other_seed, 0), first);
  EXPECT_EQ(samples_of_epoch(sampler, 0), first);
}

TEST(LaneSampler, refuses_empty_arguments_and_positions_out_of_range) {
  EXPECT_THROW(LaneSampler(1, 0, 1, 1), UsageError);
  EXPECT_THROW(LaneSampler(1, 1, 0, 1), UsageError);
  EXPECT_THROW(LaneSampler(1, 1, 1, 0), UsageError);
  EXPECT_THROW(LaneSampler(1, 1, std::numeric_limits<std::size_t>::max(), 2), UsageError);
  const LaneSampler sampler(1, 10, 2, 5);
  EXPECT_THROW(sampler.samples(0, 1, 0), UsageError);
  EXPECT_THROW(sampler.samples(0, 0, 2), UsageError);
}

}  // namespace
}  // namespace rondo::data
