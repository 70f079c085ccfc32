// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "common/failure.hpp"
#include "common/printable.hpp"

namespace rondo::apps {
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

TEST(ErrorLine, does_not_steer_a_terminal) {
  const Failure failure{.code = ExitCode::bad_content, .message = "w\x1b[31m: torn"};
  EXPECT_EQ(error_line(failure, job::Launch{}), "error: w\\x1b[31m: torn\n");
}

}  // namespace
}  // namespace rondo::apps
