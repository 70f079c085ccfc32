// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/step_health.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::train {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// `steps` figures around 1 with a standard deviation of 0.1.
void live_through(StepHealth& health, int steps) {
  for (int i = 0; i < steps; ++i) {
    const double offset = i % 2 == 0 ? 0.1 : -0.1;
    EXPECT_THAT(health.judge(1 + offset, 2 + 2 * offset), IsEmpty()) << "step " << i;
  }
}

TEST(StepHealth, names_the_figure_that_stands_out_and_counts) {
  StepHealth health({.z_score = 5});
  live_through(health, 40);

  EXPECT_THAT(health.judge(1.4, 2), IsEmpty());
  EXPECT_THAT(health.judge(3, 2), HasSubstr("the loss 3 is"));
  EXPECT_THAT(health.judge(1, 9), HasSubstr("the gradient's norm 9 is"));
  EXPECT_THAT(health.judge(0, 0), IsEmpty());
  EXPECT_EQ(health.bad_steps(), 2U);
}

TEST(StepHealth, judges_nothing_without_history_but_what_is_not_finite) {
  StepHealth health({.z_score = 3});
  live_through(health, 10);

  EXPECT_THAT(health.judge(1000, 1000), IsEmpty());
  EXPECT_THAT(health.judge(std::nan(""), 1), HasSubstr("the loss is"));
  EXPECT_THAT(health.judge(1, infinity), HasSubstr("the gradient's norm is inf"));
  EXPECT_EQ(health.bad_steps(), 2U);
}

TEST(StepHealth, finds_nothing_unusual_after_a_history_of_zeros) {
  StepHealth health({.z_score = 5});
  for (int i = 0; i < 30; ++i)
    health.judge(0, 0);

  EXPECT_THAT(health.judge(1e-30, 1e-30), IsEmpty());
}

TEST(StepHealth, takes_a_lasting_change_as_normal_after_a_while) {
  StepHealth health({.z_score = 4, .window = 20});
  live_through(health, 20);
  EXPECT_FALSE(health.judge(5, 2).empty());

  for (int i = 0; i < 10; ++i)
    health.judge(5, 2);

  EXPECT_THAT(health.judge(5, 2), IsEmpty());
}

TEST(StepHealth, goes_on_from_a_state_as_if_it_had_not_stopped) {
  StepHealth whole({.z_score = 5});
  live_through(whole, 120);
  StepHealth resumed({.z_score = 5});

  resumed.restore(whole.state());

  EXPECT_EQ(resumed.judge(3, 2), whole.judge(3, 2));
  EXPECT_EQ(resumed.state().losses, whole.state().losses);
  EXPECT_EQ(whole.state().losses.size(), 100U);
}

TEST(StepHealth, refuses_bounds_that_make_no_sense) {
  EXPECT_THROW(StepHealth({.z_score = 0}), ConfigError);
  EXPECT_THROW(StepHealth({.z_score = std::nan("")}), ConfigError);
  EXPECT_THROW(StepHealth({.window = 10, .least = 11}), ConfigError);
}

}  // namespace
}  // namespace rondo::train
