// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/loss_scaler.hpp"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo::precision {
namespace {

using State = LossScaler::State;

TEST(LossScaler, grows_after_a_run_of_clean_steps) {
  LossScaler scaler({.initial = 8, .growth_interval = 3});

  EXPECT_TRUE(scaler.update(false));
  EXPECT_TRUE(scaler.update(false));
  EXPECT_EQ(scaler.state(), (State{8, 2}));
  EXPECT_TRUE(scaler.update(false));

  EXPECT_EQ(scaler.state(), (State{16, 0}));
}

TEST(LossScaler, backs_off_after_an_overflow_and_counts_anew) {
  LossScaler scaler({.initial = 8, .growth_interval = 3});
  EXPECT_TRUE(scaler.update(false));

  EXPECT_FALSE(scaler.update(true));

  EXPECT_EQ(scaler.state(), (State{4, 0}));
}

TEST(LossScaler, stays_within_its_bounds) {
  LossScaler scaler({.initial = 4, .growth_interval = 1, .min = 2, .max = 8});

  EXPECT_FALSE(scaler.update(true));
  EXPECT_FALSE(scaler.update(true));
  EXPECT_EQ(scaler.scale(), 2.0F);
  for (int step = 0; step < 5; ++step)
    EXPECT_TRUE(scaler.update(false));
  EXPECT_EQ(scaler.scale(), 8.0F);
}

TEST(LossScaler, fixed_keeps_its_scale_and_still_skips_overflows) {
  LossScaler scaler = LossScaler::fixed(1.0F);

  for (int step = 0; step < 2001; ++step)
    EXPECT_TRUE(scaler.update(false));
  EXPECT_FALSE(scaler.update(true));

  EXPECT_EQ(scaler.scale(), 1.0F);
}

TEST(LossScaler, continues_from_a_restored_state) {
  LossScaler whole({.growth_interval = 5});
  LossScaler first({.growth_interval = 5});
  const auto overflows = [](int step) { return step % 7 == 6; };
  for (int step = 0; step < 9; ++step)
    EXPECT_EQ(whole.update(overflows(step)), first.update(overflows(step)));

  LossScaler second({.growth_interval = 5});
  second.restore(first.state());

  for (int step = 9; step < 40; ++step) {
    EXPECT_EQ(whole.update(overflows(step)), second.update(overflows(step)));
    EXPECT_EQ(whole.state(), second.state());
  }
}

TEST(LossScaler, refuses_a_state_it_cannot_reach_and_keeps_its_own) {
  LossScaler fixed = LossScaler::fixed(1.0F);
  LossScaler scaler;

  EXPECT_THROW(fixed.restore({65536.0F, 0}), ConfigError);
  EXPECT_THROW(scaler.restore({std::numeric_limits<float>::quiet_NaN(), 0}), ConfigError);
  EXPECT_THROW(scaler.restore({0.0F, 0}), ConfigError);
  EXPECT_THROW(scaler.restore({1.0F, -1}), ConfigError);
  EXPECT_THROW(scaler.restore({1.0F, 2000}), ConfigError);

  EXPECT_EQ(fixed.scale(), 1.0F);
  EXPECT_EQ(scaler.state(), (State{65536.0F, 0}));
}

TEST(LossScaler, refuses_contradicting_options) {
  EXPECT_THROW(LossScaler({.initial = 1, .min = 2}), ConfigError);
  EXPECT_THROW(LossScaler({.initial = 0, .min = 0}), ConfigError);
  EXPECT_THROW(LossScaler({.initial = 4, .max = 2}), ConfigError);
  EXPECT_THROW(LossScaler({.growth = 0.5F}), ConfigError);
  EXPECT_THROW(LossScaler({.backoff = 0}), ConfigError);
  EXPECT_THROW(LossScaler({.growth_interval = 0}), ConfigError);
}

}  // namespace
}  // namespace rondo::precision
