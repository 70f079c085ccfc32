// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/schedule.hpp"

#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::optim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Schedule, constant_never_changes) {
  const Schedule schedule = Schedule::constant(0.1F);

  for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 60})
    EXPECT_EQ(schedule.at(step), 0.1F);
}

TEST(Schedule, warms_up_in_a_straight_line_to_the_peak) {
  const Schedule schedule = Schedule::cosine({.peak = 1.0F, .warmup_steps = 3, .total_steps = 10});

  EXPECT_EQ(schedule.at(0), 0.25F);
  EXPECT_EQ(schedule.at(1), 0.5F);
  EXPECT_EQ(schedule.at(2), 0.75F);
  EXPECT_EQ(schedule.at(3), 1.0F);
}

TEST(Schedule, follows_half_a_cosine_to_the_final_fraction) {
  const Schedule schedule = Schedule::cosine(
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
      Schedule::cosine({.peak = 0.3F, .warmup_steps = 50, .total_steps = 1000});

  for (std::uint64_t step = 0; step + 1 < 1000; ++step) {
    EXPECT_GT(schedule.at(step), 0.0F);
    if (step < 50)
      EXPECT_LT(schedule.at(step), schedule.at(step + 1));
    else
      EXPECT_GE(schedule.at(step), schedule.at(step + 1)) << step;
  }
}

TEST(Schedule, may_consist_of_warmup_or_of_nothing_only) {
  const Schedule warmup = Schedule::cosine({.peak = 1.0F, .warmup_steps = 1, .total_steps = 1});
  const Schedule nothing = Schedule::cosine({.peak = 1.0F, .final_fraction = 0.5F});

  EXPECT_EQ(warmup.at(0), 0.5F);
  EXPECT_EQ(nothing.at(0), 0.5F);
}

TEST(Schedule, refuses_a_warmup_longer_than_the_run) {
  try {
    Schedule::cosine({.peak = 1.0F, .warmup_steps = 11, .total_steps = 10});
    FAIL() << "no error";
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("11 warm-up steps do not fit into 10 steps"));
  }
}

/// The shape of a schedule from step 0 to 10 with a peak of 1.
std::vector<float> rates(const Schedule& schedule) {
  std::vector<float> rates;
  for (std::uint64_t step = 0; step <= 10; ++step)
    rates.push_back(schedule.at(step));
  return rates;
}

TEST(Schedule, of_any_kind_but_one_cycle_warms_up_in_a_straight_line) {
  for (const auto name : schedule_names()) {
    if (name == "one-cycle") continue;
    const Schedule schedule =
        make_schedule(name, {.peak = 1.0F, .warmup_steps = 3, .total_steps = 9, .drop_steps = 100});

    EXPECT_EQ(schedule.at(0), 0.25F) << name;
    EXPECT_EQ(schedule.at(2), 0.75F) << name;
    EXPECT_EQ(schedule.at(3), 1.0F) << name;
  }
}

TEST(Schedule, linear_falls_in_a_straight_line) {
  EXPECT_THAT(rates(Schedule::linear(
                  {.peak = 1.0F, .warmup_steps = 1, .total_steps = 9, .final_fraction = 0.5F})),
              ElementsAre(0.5F, 1.0F, 0.9375F, 0.875F, 0.8125F, 0.75F, 0.6875F, 0.625F, 0.5625F,
                          0.5F, 0.5F));
}

TEST(Schedule, polynomial_falls_by_its_power) {
  const Schedule schedule =
      Schedule::polynomial({.peak = 2.0F, .total_steps = 8, .final_fraction = 0.5F, .power = 2.0});

  EXPECT_EQ(schedule.at(0), 2.0F);
  EXPECT_EQ(schedule.at(4), 1.25F);  // 2 * (1/2 + 1/2 * 1/4)
  EXPECT_EQ(schedule.at(8), 1.0F);
}

TEST(Schedule, step_drops_again_and_again) {
  EXPECT_THAT(
      rates(Schedule::step({.peak = 1.0F, .warmup_steps = 1, .drop_steps = 4, .drop_factor = 0.5})),
      ElementsAre(0.5F, 1.0F, 1.0F, 1.0F, 1.0F, 0.5F, 0.5F, 0.5F, 0.5F, 0.25F, 0.25F));
}

TEST(Schedule, wsd_stays_at_the_peak_until_its_decay) {
  EXPECT_THAT(rates(Schedule::wsd({.peak = 1.0F,
                                   .warmup_steps = 1,
                                   .total_steps = 10,
                                   .final_fraction = 0.0F,
                                   .decay_steps = 4})),
              ElementsAre(0.5F, 1.0F, 1.0F, 1.0F, 1.0F, 1.0F, 1.0F, 0.75F, 0.5F, 0.25F, 0.0F));
  EXPECT_EQ(Schedule::wsd({.peak = 1.0F, .total_steps = 5}).at(4), 1.0F);
  EXPECT_EQ(Schedule::wsd({.peak = 1.0F, .total_steps = 5}).at(5), 0.0F);
}

TEST(Schedule, one_cycle_rises_and_falls_along_cosines) {
  const Schedule schedule = Schedule::one_cycle(
      {.peak = 1.0F, .warmup_steps = 4, .total_steps = 10, .start_fraction = 0.5F});

  EXPECT_FLOAT_EQ(schedule.at(0), 0.5F);
  EXPECT_FLOAT_EQ(schedule.at(2), 0.75F);
  EXPECT_FLOAT_EQ(schedule.at(4), 1.0F);
  EXPECT_FLOAT_EQ(schedule.at(7), 0.5F);
  EXPECT_EQ(schedule.at(10), 0.0F);
}

TEST(MakeSchedule, makes_every_known_name_and_lists_them_for_an_unknown_one) {
  for (const auto name : schedule_names())
    EXPECT_EQ(
        make_schedule(name, {.peak = 0.5F, .warmup_steps = 1, .total_steps = 2, .drop_steps = 1})
            .at(1),
        0.5F)
        << name;
  try {
    make_schedule("cosin", {});
    FAIL() << "no error";
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("unknown schedule 'cosin'"));
    EXPECT_THAT(e.what(), HasSubstr("constant, cosine, linear, one-cycle, polynomial, step, wsd"));
  }
}

void expect_schedule_refused(std::string_view name, const ScheduleOptions& options,
                             const std::string& complaint) {
  try {
    make_schedule(name, options);
    ADD_FAILURE() << "accepted, expected: " << complaint;
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr(complaint));
  }
}

TEST(MakeSchedule, refuses_options_that_a_schedule_cannot_use) {
  expect_schedule_refused("linear", {.warmup_steps = 2, .total_steps = 1},
                          "2 warm-up steps do not fit");
  expect_schedule_refused("wsd", {.warmup_steps = 2, .total_steps = 4, .decay_steps = 3},
                          "3 decay steps after the warm-up do not fit into 2 steps");
  expect_schedule_refused("one-cycle", {.total_steps = 4}, "needs a warm-up");
  expect_schedule_refused("one-cycle", {.warmup_steps = 1, .total_steps = 4, .start_fraction = 2},
                          "start fraction of the learning rate must be in [0, 1], found 2");
  expect_schedule_refused("step", {}, "steps from one drop to the next, found 0");
  expect_schedule_refused("step", {.drop_steps = 1, .drop_factor = 1.5}, "found 1.5");
  expect_schedule_refused("polynomial", {.total_steps = 1, .power = 0}, "above 0, found 0");
}

TEST(LinearScaling, scales_the_rate_with_the_batch) {
  EXPECT_EQ(linearly_scaled(0.1F, 1024, 256), 0.4F);
  EXPECT_EQ(linearly_scaled(0.1F, 64, 256), 0.025F);
  EXPECT_THROW(linearly_scaled(0.1F, 0, 256), ConfigError);
  EXPECT_THROW(linearly_scaled(0.1F, 256, 0), ConfigError);
}

TEST(Schedule, refuses_rates_and_fractions_out_of_range) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THROW(Schedule::constant(-0.1F), ConfigError);
  EXPECT_THROW(Schedule::constant(infinity), ConfigError);
  EXPECT_THROW(Schedule::cosine({.peak = -1.0F, .total_steps = 1}), ConfigError);
  EXPECT_THROW(Schedule::cosine({.peak = 1.0F, .total_steps = 1, .final_fraction = 1.5F}),
               ConfigError);
  EXPECT_THROW(Schedule::cosine({.peak = 1.0F, .total_steps = 1, .final_fraction = -0.5F}),
               ConfigError);
}

}  // namespace
}  // namespace rondo::optim
