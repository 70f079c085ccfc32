// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/lane_sampler.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::data {
namespace {

using Samples = std::vector<std::uint64_t>;

std::string describe(const LaneSampler::Options& options) {
  return fmt::format("{} samples in chunks of {}, {} lanes of {}, window {}", options.samples,
                     options.chunk_samples, options.lanes, options.micro_batch, options.window);
}

/// Small splits of every kind: less than a chunk, whole chunks, a partial one, fewer than lanes.
std::vector<LaneSampler::Options> many_options() {
  std::vector<LaneSampler::Options> all;
  for (const std::size_t samples : {1, 2, 7, 64, 97, 300})
    for (const std::size_t chunk_samples : {1, 3, 16, 64, 1000})
      for (const std::size_t lanes : {1, 2, 3, 4, 8})
        for (const std::size_t window : {1, 2, 5, 1000})
          all.push_back({.seed = 42,
                         .samples = samples,
                         .chunk_samples = chunk_samples,
                         .lanes = lanes,
                         .micro_batch = 1 + samples % 6,
                         .window = window});
  return all;
}

/// The whole sequence of a lane, step after step.
Samples sequence(const LaneSampler& sampler, std::size_t epoch, std::size_t lane) {
  Samples all;
  for (std::size_t step = 0; step < sampler.steps_per_epoch(); ++step) {
    const Samples of_step = sampler.samples(epoch, step, lane);
    all.insert(all.end(), of_step.begin(), of_step.end());
  }
  return all;
}

Samples samples_of_epoch(const LaneSampler& sampler, std::size_t epoch) {
  Samples all;
  for (std::size_t lane = 0; lane < sampler.lanes(); ++lane) {
    const Samples of_lane = sequence(sampler, epoch, lane);
    all.insert(all.end(), of_lane.begin(), of_lane.end());
  }
  return all;
}

Samples counting(std::size_t count) {
  Samples samples(count);
  std::iota(samples.begin(), samples.end(), 0U);
  return samples;
}

std::set<std::uint64_t> chunks_of(const LaneSampler& sampler, const Samples& samples) {
  std::set<std::uint64_t> chunks;
  for (const std::uint64_t sample : samples)
    chunks.insert(sample / sampler.options().chunk_samples);
  return chunks;
}

TEST(LaneSampler, uses_every_sample_once_an_epoch) {
  for (const LaneSampler::Options& options : many_options()) {
    SCOPED_TRACE(describe(options));
    for (const std::size_t epoch : {0, 3}) {
      Samples used = samples_of_epoch(LaneSampler(options), epoch);

      std::sort(used.begin(), used.end());
      ASSERT_EQ(used, counting(options.samples));
    }
  }
}

TEST(LaneSampler, follows_one_sequence_a_lane_whatever_the_micro_batch) {
  for (LaneSampler::Options options : many_options()) {
    SCOPED_TRACE(describe(options));
    const LaneSampler sampler(options);
    options.micro_batch += 3;
    const LaneSampler other(options);

    for (std::size_t lane = 0; lane < options.lanes; ++lane)
      ASSERT_EQ(sequence(sampler, 1, lane), sequence(other, 1, lane)) << "lane " << lane;
  }
}

TEST(LaneSampler, groups_cover_a_lane_and_name_what_they_need) {
  for (const LaneSampler::Options& options : many_options()) {
    SCOPED_TRACE(describe(options));
    const LaneSampler sampler(options);
    for (std::size_t lane = 0; lane < options.lanes; ++lane) {
      std::size_t position = 0;
      std::set<std::uint64_t> earlier_chunks;
      for (std::size_t index = 0; index < sampler.group_count(2, lane); ++index) {
        const LaneSampler::Group group = sampler.group(2, lane, index);
        const std::set<std::uint64_t> chunks(group.chunks.begin(), group.chunks.end());
        ASSERT_EQ(group.first, position);
        ASSERT_GE(group.count, 1U);
        ASSERT_LE(group.chunks.size(), options.window);
        ASSERT_EQ(chunks.size(), group.chunks.size());
        const Samples samples = sampler.group_samples(2, lane, index);
        ASSERT_EQ(samples.size(), group.count);
        ASSERT_EQ(chunks_of(sampler, samples), chunks);
        for (std::size_t i = 0; i < group.count; ++i) {
          ASSERT_EQ(sampler.group_of(2, lane, position + i), index);
          ASSERT_EQ(sampler.sample(2, lane, position + i), samples[i]);
        }
        for (const std::uint64_t chunk : chunks)
          ASSERT_TRUE(earlier_chunks.insert(chunk).second) << "needed by two groups: " << chunk;
        position += group.count;
      }
      ASSERT_EQ(position, sampler.lane_samples(lane));
    }
  }
}

TEST(LaneSampler, ranks_read_each_chunk_once_and_one_more_a_boundary) {
  for (const LaneSampler::Options& options : many_options()) {
    SCOPED_TRACE(describe(options));
    const LaneSampler sampler(options);
    for (std::size_t ranks = 1; ranks <= options.lanes; ++ranks) {
      std::size_t read = 0;
      for (std::size_t rank = 0; rank < ranks; ++rank) {
        Samples samples;
        for (std::size_t lane = rank * options.lanes / ranks;
             lane < (rank + 1) * options.lanes / ranks; ++lane) {
          const Samples of_lane = sequence(sampler, 0, lane);
          samples.insert(samples.end(), of_lane.begin(), of_lane.end());
        }
        read += chunks_of(sampler, samples).size();
      }
      ASSERT_LE(read, sampler.chunk_count() + ranks - 1) << ranks << " ranks";
    }
  }
}

TEST(LaneSampler, two_lanes_need_their_common_chunk_at_the_same_end_of_the_epoch) {
  const LaneSampler sampler(
      {.seed = 3, .samples = 1600, .chunk_samples = 16, .lanes = 7, .window = 4});

  for (std::size_t lane = 0; lane + 1 < 7; ++lane) {
    const bool at_end = lane % 2 == 0;
    const auto boundary_group = [&](std::size_t of) {
      const std::size_t index = at_end ? sampler.group_count(0, of) - 1 : 0;
      const auto chunks = sampler.group(0, of, index).chunks;
      return std::set<std::uint64_t>(chunks.begin(), chunks.end());
    };
    const auto mine = boundary_group(lane);
    const auto next = boundary_group(lane + 1);
    std::vector<std::uint64_t> common;
    std::set_intersection(mine.begin(), mine.end(), next.begin(), next.end(),
                          std::back_inserter(common));

    EXPECT_EQ(common.size(), 1U) << "lanes " << lane << " and " << lane + 1;
  }
}

TEST(LaneSampler, deals_equal_shares_so_that_steps_are_full) {
  const LaneSampler sampler({.samples = 4 * 8 + 6, .lanes = 4, .micro_batch = 8});

  std::vector<std::size_t> begins;
  std::vector<std::size_t> counts;
  for (std::size_t lane = 0; lane < 4; ++lane) {
    EXPECT_EQ(sampler.interval(0, lane).count, 8U);
    begins.push_back(sampler.interval(1, lane).begin);
    counts.push_back(sampler.interval(1, lane).count);
  }

  EXPECT_EQ(sampler.steps_per_epoch(), 2U);
  EXPECT_THAT(begins, ::testing::ElementsAre(8, 8, 8, 8));
  EXPECT_THAT(counts, ::testing::ElementsAre(2, 2, 1, 1));
}

TEST(LaneSampler, leaves_lanes_empty_when_samples_run_out) {
  const LaneSampler sampler({.seed = 1, .samples = 2, .lanes = 4, .micro_batch = 8});

  EXPECT_EQ(sampler.samples(0, 0, 1).size(), 1U);
  EXPECT_EQ(sampler.samples(0, 0, 3).size(), 0U);
  EXPECT_EQ(sampler.group_count(0, 3), 0U);
}

TEST(LaneSampler, orders_differ_between_epochs_and_seeds) {
  LaneSampler::Options options{
      .seed = 1, .samples = 1000, .chunk_samples = 10, .lanes = 2, .window = 3};
  const LaneSampler sampler(options);
  options.seed = 2;
  const LaneSampler other_seed(options);
  const Samples first = samples_of_epoch(sampler, 0);

  EXPECT_NE(samples_of_epoch(sampler, 1), first);
  EXPECT_NE(samples_of_epoch(other_seed, 0), first);
  EXPECT_EQ(samples_of_epoch(sampler, 0), first);
}

TEST(LaneSampler, puts_the_partial_chunk_anywhere) {
  const LaneSampler sampler({.samples = 35, .chunk_samples = 10, .lanes = 1, .window = 1});
  std::set<std::size_t> places;
  for (std::size_t epoch = 0; epoch < 100; ++epoch)
    for (std::size_t group = 0; group < 4; ++group)
      if (sampler.group(epoch, 0, group).chunks[0] == 3) places.insert(group);

  EXPECT_THAT(places, ::testing::ElementsAre(0, 1, 2, 3));
}

TEST(LaneSampler, mixes_as_a_uniform_shuffle_where_the_window_holds_a_lane) {
  const LaneSampler sampler({.seed = 1,
                             .samples = 60000,
                             .chunk_samples = 256,
                             .lanes = 8,
                             .micro_batch = 32,
                             .window = 300});

  EXPECT_NEAR(sampler.mixing(), 1.0, 0.05);
}

TEST(LaneSampler, mixes_less_with_a_small_window) {
  LaneSampler::Options options{.seed = 1,
                               .samples = 1000000,
                               .chunk_samples = 100,
                               .lanes = 4,
                               .micro_batch = 64,
                               .window = 1};
  const double one = LaneSampler(options).mixing();
  options.window = 16;
  const double sixteen = LaneSampler(options).mixing();

  // 4 or 5 of 253 chunks; 64 of 253, of which a step of 256 samples meets 98 %.
  EXPECT_NEAR(one, 5.0 / 253, 0.01);
  EXPECT_NEAR(sixteen, 64 * 0.98 / 253, 0.03);
}

/// In a file sorted by ten classes, every step sees what the whole split holds.
TEST(LaneSampler, mixes_a_sorted_file) {
  const LaneSampler sampler({.seed = 7,
                             .samples = 100000,
                             .chunk_samples = 50,
                             .lanes = 8,
                             .micro_batch = 32,
                             .window = 64});
  std::size_t fewest = 256;
  std::size_t most = 0;
  for (std::size_t step = 0; step + 1 < sampler.steps_per_epoch(); ++step) {
    std::map<std::uint64_t, std::size_t> of_class;
    for (std::size_t lane = 0; lane < 8; ++lane)
      for (const std::uint64_t sample : sampler.samples(0, step, lane))
        ++of_class[sample / 10000];
    for (std::uint64_t label = 0; label < 10; ++label) {
      fewest = std::min(fewest, of_class[label]);
      most = std::max(most, of_class[label]);
    }
  }

  // 25.6 on average; a binomial's five deviations are 24.
  EXPECT_GE(fewest, 3U);
  EXPECT_LE(most, 52U);
}

TEST(LaneSampler, walks_in_stored_order_through_equal_shares) {
  for (LaneSampler::Options options : many_options()) {
    SCOPED_TRACE(describe(options));
    options.order = SampleOrder::stored;
    const LaneSampler sampler(options);

    EXPECT_EQ(samples_of_epoch(sampler, 0), counting(options.samples));
    EXPECT_EQ(samples_of_epoch(sampler, 3), counting(options.samples));
    for (std::size_t lane = 0; lane < options.lanes; ++lane)
      EXPECT_EQ(sequence(sampler, 0, lane).size(), (lane + 1) * options.samples / options.lanes -
                                                       lane * options.samples / options.lanes);
  }
}

TEST(LaneSampler, answers_for_any_number_of_samples_at_once) {
  const std::size_t samples = 1'000'000'000'007;
  const LaneSampler sampler({.seed = 1,
                             .samples = samples,
                             .chunk_samples = 1000,
                             .lanes = 4096,
                             .micro_batch = 32,
                             .window = 300});
  const auto start = std::chrono::steady_clock::now();

  const std::size_t last = sampler.steps_per_epoch() - 1;
  std::set<std::uint64_t> distinct;
  std::size_t count = 0;
  for (const std::size_t step : {std::size_t{0}, last / 2, last})
    for (const std::size_t lane : {0, 1, 2048, 4095})
      for (const std::uint64_t sample : sampler.samples(5, step, lane)) {
        EXPECT_LT(sample, samples);
        distinct.insert(sample);
        ++count;
      }
  const double mixing = sampler.mixing();

  EXPECT_EQ(distinct.size(), count);
  EXPECT_NEAR(mixing, 1.0, 0.05);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(LaneSampler, automatic_window_holds_64_MiB_or_4_chunks) {
  EXPECT_EQ(automatic_window(1 << 20), 64U);
  EXPECT_EQ(automatic_window(256 * 28 * 28), 334U);
  EXPECT_EQ(automatic_window(1 << 30), 4U);
}

TEST(LaneSampler, refuses_empty_arguments_and_positions_out_of_range) {
  const LaneSampler::Options good{.samples = 10, .lanes = 2, .micro_batch = 5};
  for (const auto member : {&LaneSampler::Options::samples, &LaneSampler::Options::chunk_samples,
                            &LaneSampler::Options::lanes, &LaneSampler::Options::micro_batch,
                            &LaneSampler::Options::window}) {
    LaneSampler::Options bad = good;
    bad.*member = 0;
    EXPECT_THROW(LaneSampler{bad}, UsageError);
  }
  LaneSampler::Options overflow = good;
  overflow.lanes = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW(LaneSampler{overflow}, UsageError);

  const LaneSampler sampler(good);
  EXPECT_THROW(sampler.samples(0, 1, 0), UsageError);
  EXPECT_THROW(sampler.samples(0, 0, 2), UsageError);
  EXPECT_THROW(sampler.sample(0, 0, 5), UsageError);
  EXPECT_THROW(sampler.group_of(0, 1, 5), UsageError);
  EXPECT_THROW(sampler.group(0, 1, sampler.group_count(0, 1)), UsageError);
  EXPECT_THROW(sampler.group_count(0, 2), UsageError);
}

}  // namespace
}  // namespace rondo::data
