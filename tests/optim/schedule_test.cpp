// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/schedule.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::optim {
namespace {

using testing::HasSubstr;

TEST(Schedule, constant_never_changes) {
  const Schedule schedule = Schedule::constant(0.1F);

  for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 60})
    EXPECT_EQ(schedule.at(step), 0.1F);
}

TEST(Schedule, warms_up_in_a_straight_line_to_the_peak) {
  const Schedule schedule =
      Schedule::warmup_cosine({.peak = 1.0F, .warmup_steps = 3, .total_steps = 10});

  EXPECT_EQ(schedule.at(0), 0.25F);
  EXPECT_EQ(schedule.at(1), 0.5F);
  EXPECT_EQ(schedule.at(2), 0.75F);
  EXPECT_EQ(schedule.at(3), 1.0F);
}

TEST(Schedule, follows_half_a_cosine_to_the_final_fraction) {
  const Schedule schedule = Schedule::warmup_cosine(
      {.peak = 2.0F, .warmup_steps = 10, .total_steps = 16, .final_fraction = 0.1F});

  EXPECT_FLOAT_EQ(schedule.at(10), 2.0F);
  EXPECT_FLOAT_EQ(schedule.at(12), 2.0F * (0.1F + 0.9F * 0.75F));  // cos(pi/3) = 1/2
  EXPECT_FLOAT_EQ(schedule.at(13), 2.0F * (0.1F + 0.9F * 0.5F));   // cos(pi/2) = 0
  EXPECT_FLOAT_EQ(schedule.at(14), 2.0F * (0.1F + 0.9F * 0.25F));
  EXPECT_FLOAT_EQ(schedule.at(16), 0.2F);
  EXPECT_FLOAT_EQ(schedule.at(1'000'000), 0.2F);
}

TEST(Schedule, rises_then_falls_and_stays_positive_before_its_end) {
  const Schedule schedule =
      Schedule::warmup_cosine({.peak = 0.3F, .warmup_steps = 50, .total_steps = 1000});

  for (std::uint64_t step = 0; step + 1 < 1000; ++step) {
    EXPECT_GT(schedule.at(step), 0.0F);
    if (step < 50)
      EXPECT_LT(schedule.at(step), schedule.at(step + 1));
    else
      EXPECT_GE(schedule.at(step), schedule.at(step + 1)) << step;
  }
}

TEST(Schedule, may_consist_of_warmup_or_of_nothing_only) {
  const Schedule warmup =
      Schedule::warmup_cosine({.peak = 1.0F, .warmup_steps = 1, .total_steps = 1});
  const Schedule nothing = Schedule::warmup_cosine({.peak = 1.0F, .final_fraction = 0.5F});

  EXPECT_EQ(warmup.at(0), 0.5F);
  EXPECT_EQ(nothing.at(0), 0.5F);
}

TEST(Schedule, refuses_a_warmup_longer_than_the_run) {
  try {
    Schedule::warmup_cosine({.peak = 1.0F, .warmup_steps = 11, .total_steps = 10});
    FAIL() << "no error";
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("11 warm-up steps do not fit into 10 steps"));
  }
}

TEST(Schedule, refuses_rates_and_fractions_out_of_range) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THROW(Schedule::constant(-0.1F), ConfigError);
  EXPECT_THROW(Schedule::constant(infinity), ConfigError);
  EXPECT_THROW(Schedule::warmup_cosine({.peak = -1.0F, .total_steps = 1}), ConfigError);
  EXPECT_THROW(Schedule::warmup_cosine({.peak = 1.0F, .total_steps = 1, .final_fraction = 1.5F}),
               ConfigError);
  EXPECT_THROW(Schedule::warmup_cosine({.peak = 1.0F, .total_steps = 1, .final_fraction = -0.5F}),
               ConfigError);
}

}  // namespace
}  // namespace rondo::optim
