// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <ctime>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rondo/scaling/step.hpp"

/// What the simulator is for: a step of thousands of ranks. It prints how fast it is.
namespace rondo::scaling {
namespace {

/// Of this process, so that other programs do not count.
double core_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// Says how fast it was.
void take_a_step_of_resnet50(const Machine& machine) {
  const auto model = load_model_table("resnet50");
  const auto nodes = equal_nodes(4096, 8);
  const double begin = core_seconds();

  const StepTime step = simulate_step(model, {}, machine, nodes, {});

  const double seconds = core_seconds() - begin;
  fmt::print(
      "{} events in {:.1f} s of a core: {:.2f} million a second; a step of {:.1f} ms, {:.1f} ms "
      "of them computed\n",
      step.events, seconds, 1e-6 * static_cast<double>(step.events) / seconds, 1e3 * step.seconds,
      1e3 * step.compute_seconds);
  EXPECT_GT(step.exposed_seconds(), 0);
  EXPECT_LT(seconds, 60);
}

class Ranks4096 : public testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "times mean nothing under a sanitizer";
#endif
  }
};

TEST_F(Ranks4096, take_a_step_of_resnet50_on_a_fat_tree_in_a_minute) {
  take_a_step_of_resnet50({.fat_tree = FatTree{}});
}

TEST_F(Ranks4096, take_a_step_of_resnet50_on_two_levels_in_a_minute) {
  take_a_step_of_resnet50({});
}

}  // namespace
}  // namespace rondo::scaling
