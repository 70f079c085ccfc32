// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/failure.hpp"
#include "common/say.hpp"

namespace rondo::apps {
namespace {

TEST(Say, does_not_steer_a_terminal) {
  testing::internal::CaptureStdout();
  say("class {} of {}\n", 3, "a\x1b[2Jb");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "class 3 of a\\x1b[2Jb\n");
}

TEST(ErrorLine, does_not_steer_a_terminal) {
  const Failure failure{.code = ExitCode::bad_content, .message = "w\x1b[31m: torn"};
  EXPECT_EQ(error_line(failure, job::Launch{}), "error: w\\x1b[31m: torn\n");
}

}  // namespace
}  // namespace rondo::apps
