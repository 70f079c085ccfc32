// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/printable.hpp"

#include <string>

#include <gtest/gtest.h>

#include "rondo/base/log.hpp"

namespace rondo {
namespace {

using namespace std::string_literals;

TEST(Printable, escapes_what_steers_a_terminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\r\n\x7f\0"s), "a\\x1b[2Jb\\x0d\\x0a\\x7f\\x00");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");
}

TEST(Printable, leaves_text_of_any_language_alone) {
  const std::string text = "größe/\u00a0層.weight \\x1b\xc2";
  EXPECT_EQ(printable(text), text);
}

TEST(Printable, keeps_the_lines_of_a_message) {
  EXPECT_EQ(printable_lines("one\ntwo\x1b"), "one\ntwo\\x1b");
}

TEST(Printable, is_what_the_log_prints) {
  testing::internal::CaptureStderr();
  log::warning("skipped \x1b[2Jstep-1\nits hash differs");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: skipped \\x1b[2Jstep-1\nits hash differs\n");
}

}  // namespace
}  // namespace rondo
