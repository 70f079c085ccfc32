// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/helper_program.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace rondo::job {
namespace {

using namespace std::chrono_literals;

TEST(HelperProgram, gives_code_and_both_outputs) {
  const auto result = run_helper({"sh", "-c", "cat; echo out; echo err >&2; exit 3"}, 10s);

  ASSERT_TRUE(result);
  EXPECT_EQ(result->code, 3);
  EXPECT_EQ(result->output, "out\nerr\n");
}

TEST(HelperProgram, that_does_not_exist_is_nothing) {
  const auto result = run_helper({"rondo-no-such-program"}, 10s);

  EXPECT_TRUE(!result || result->code == 127);
}

TEST(HelperProgram, that_takes_too_long_is_ended_with_its_children) {
  const auto begin = std::chrono::steady_clock::now();

  const auto result = run_helper({"sh", "-c", "sleep 60 & sleep 60"}, 200ms);

  EXPECT_FALSE(result);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST(HelperProgram, that_is_killed_has_the_shells_code) {
  const auto result = run_helper({"sh", "-c", "kill -9 $$"}, 10s);

  ASSERT_TRUE(result);
  EXPECT_EQ(result->code, 137);
}

}  // namespace
}  // namespace rondo::job
