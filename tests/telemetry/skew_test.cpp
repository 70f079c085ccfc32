// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/skew.hpp"

#include <functional>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rondo::telemetry {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// Of ranks whose waits bring all of them to the exchange together.
std::vector<RankTimes> waiting(std::vector<RankTimes> ranks) {
  double last = 0;
  for (const RankTimes& rank : ranks)
    last = std::max(last, rank.own());
  for (RankTimes& rank : ranks)
    rank[Cause::communication] = last + 0.001 - rank.own();
  return ranks;
}

using Plant = std::function<void(std::uint64_t step, std::vector<RankTimes>& ranks)>;

/// 200 steps of some 10 ms with an even jitter of 2 ms, and what is planted in them.
SkewMeter run(std::size_t ranks, const Plant& plant, std::uint64_t steps = 200) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> jitter(0, 0.002);
  SkewMeter meter;
  for (std::uint64_t step = 1; step <= steps; ++step) {
    std::vector<RankTimes> times(ranks);
    for (RankTimes& rank : times) {
      rank[Cause::compute] = 0.008 + jitter(random);
      rank[Cause::data] = 0.001;
    }
    plant(step, times);
    meter.add(step, waiting(times));
  }
  return meter;
}

TEST(SkewMeter, accuses_nobody_of_balanced_ranks) {
  for (const std::size_t ranks : {2U, 3U, 4U, 16U, 64U}) {
    const SkewSummary summary = run(ranks, [](auto, auto&) {}).summary();

    EXPECT_THAT(summary.stragglers, SizeIs(0)) << ranks << " ranks";
    EXPECT_EQ(summary.steps, 200U);
    EXPECT_THAT(straggler_table(summary), ElementsAre(HasSubstr("none")));
  }
}

TEST(SkewMeter, names_a_chronic_straggler_and_its_cause) {
  for (const std::size_t ranks : {2U, 3U, 8U}) {
    for (const Cause cause : {Cause::compute, Cause::data, Cause::checkpoint}) {
      const SkewSummary summary =
          run(ranks, [&](auto, auto& times) { times[1][cause] += 0.005; }).summary();

      ASSERT_THAT(summary.stragglers, SizeIs(1)) << ranks << " ranks, " << name_of(cause);
      const Straggler& found = summary.stragglers.front();
      EXPECT_EQ(found.rank, 1);
      EXPECT_EQ(found.cause, cause);
      EXPECT_TRUE(found.is_chronic);
      EXPECT_NEAR(found.seconds, 0.005, 0.001);
      EXPECT_GT(summary.last_in[1], 190U);
    }
  }
}

TEST(SkewMeter, names_a_reader_that_stalls_now_and_then) {
  const SkewSummary summary = run(4, [](auto step, auto& times) {
                                if (step % 8 == 0) times[3][Cause::data] += 0.03;
                              }).summary();

  ASSERT_THAT(summary.stragglers, SizeIs(1));
  EXPECT_EQ(summary.stragglers[0].rank, 3);
  EXPECT_EQ(summary.stragglers[0].cause, Cause::data);
  EXPECT_GE(summary.last_in[3], 25U);
}

TEST(SkewMeter, tells_once_from_chronic) {
  const SkewSummary summary = run(4, [](auto step, auto& times) {
                                if (step == 44) times[2][Cause::compute] += 0.8;
                              }).summary();

  ASSERT_THAT(summary.stragglers, SizeIs(1));
  EXPECT_FALSE(summary.stragglers[0].is_chronic);
  EXPECT_EQ(summary.stragglers[0].rank, 2);
  EXPECT_EQ(summary.stragglers[0].step, 44U);
  EXPECT_NEAR(summary.stragglers[0].seconds, 0.8, 0.003);
  EXPECT_THAT(straggler_table(summary), ElementsAre(HasSubstr("rank 2, once, compute: ")));
}

TEST(SkewMeter, names_two_stragglers_of_different_causes) {
  const SkewSummary summary = run(6, [](auto, auto& times) {
                                times[1][Cause::compute] += 0.006;
                                times[4][Cause::data] += 0.004;
                              }).summary();

  ASSERT_THAT(summary.stragglers, SizeIs(2));
  EXPECT_EQ(summary.stragglers[0].rank, 1);
  EXPECT_EQ(summary.stragglers[1].rank, 4);
  EXPECT_EQ(summary.stragglers[1].cause, Cause::data);
}

TEST(SkewMeter, calls_it_communication_where_a_rank_comes_late_without_doing_more) {
  SkewMeter meter;
  for (std::uint64_t step = 1; step <= 20; ++step) {
    std::vector<RankTimes> ranks(3);
    for (RankTimes& rank : ranks)
      rank.seconds = {0.010, 0, 0, 0.004};
    ranks[2][Cause::communication] += 0.003;
    meter.add(step, ranks);
  }

  const SkewSummary summary = meter.summary();

  ASSERT_THAT(summary.stragglers, SizeIs(1));
  EXPECT_EQ(summary.stragglers[0].rank, 2);
  EXPECT_EQ(summary.stragglers[0].cause, Cause::communication);
  EXPECT_NEAR(summary.stragglers[0].seconds, 0.003, 1e-9);
}

TEST(SkewMeter, blames_communication_where_all_ranks_wait_alike) {
  SkewMeter meter;
  std::vector<RankTimes> ranks(4);
  for (RankTimes& rank : ranks)
    rank.seconds = {0.006, 0, 0, 0.004};
  for (std::uint64_t step = 1; step <= 20; ++step)
    meter.add(step, ranks);

  EXPECT_THAT(straggler_table(meter.summary()),
              ElementsAre("no rank, communication: all wait for messages, 40 % of a step"));
}

TEST(SkewMeter, averages_what_a_step_consists_of) {
  SkewMeter meter;
  std::vector<RankTimes> ranks(2);
  ranks[0].seconds = {0.010, 0.002, 0.000, 0.004};
  ranks[1].seconds = {0.006, 0.004, 0.002, 0.004};
  meter.add(7, ranks);

  const SkewSummary summary = meter.summary();

  EXPECT_THAT(summary.mean.seconds, ElementsAre(0.008, 0.003, 0.001, 0.004));
  EXPECT_DOUBLE_EQ(summary.step_seconds, 0.016);
}

TEST(SkewMeter, says_nothing_of_one_rank_or_of_steps_that_were_not_measured) {
  SkewMeter meter;
  std::vector<RankTimes> ranks(2);
  ranks[0].seconds = {1, 0, 0, 0};

  EXPECT_EQ(meter.add(1, std::span(ranks).first(1)).rank, -1);
  EXPECT_EQ(meter.add(1, ranks).rank, -1);
  EXPECT_EQ(meter.summary().steps, 0U);
  EXPECT_THAT(straggler_table(meter.summary()), ElementsAre(HasSubstr("too few")));
}

TEST(StepTimes, counts_what_nobody_claims_as_computation) {
  const StepTimes::Clock::time_point start{};
  StepTimes times;
  EXPECT_EQ(times.arrive(start).arrival(), 0);

  times.begin(start);
  times.spent(Cause::data, 0.010);
  times.spent(Cause::communication, 0.002);
  times.leave_out(0.030);
  const RankTimes found = times.arrive(start + milliseconds(100));

  EXPECT_NEAR(found[Cause::compute], 0.058, 1e-9);
  EXPECT_NEAR(found.own(), 0.068, 1e-9);
  EXPECT_NEAR(found.arrival(), 0.070, 1e-9);
  times.begin(start + milliseconds(110));
  EXPECT_NEAR(times.arrive(start + milliseconds(115)).own(), 0.005, 1e-9);
}

}  // namespace
}  // namespace rondo::telemetry
