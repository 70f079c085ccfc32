// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "run/metrics_tail.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::apps {
namespace {

class MetricsTailTest : public testing::Test {
 protected:
  void append(const std::string& text) const { std::ofstream(file_, std::ios::app) << text; }
  void rewrite(const std::string& text) const { std::ofstream(file_) << text; }
  static std::string start(int step) { return line("start", step); }
  static std::string steps(int first, int last) {
    std::string text;
    for (int step = first; step <= last; ++step)
      text += line("step", step);
    return text;
  }
  static std::string line(const std::string& event, int step) {
    return "{\"event\":\"" + event + "\",\"step\":" + std::to_string(step) + "}\n";
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path file_ = directory_.path() / "metrics.ndjson";
};

TEST_F(MetricsTailTest, knows_nothing_without_a_file) {
  const MetricsTail tail(file_);

  EXPECT_EQ(tail.read().first, std::nullopt);
  EXPECT_EQ(tail.read().last, std::nullopt);
}

TEST_F(MetricsTailTest, reads_what_a_first_life_wrote) {
  const MetricsTail tail(file_);
  append(start(0) + steps(1, 7));

  EXPECT_EQ(tail.read().first, 0U);
  EXPECT_EQ(tail.read().last, 7U);
  EXPECT_EQ(tail.read().stop, "");
}

TEST_F(MetricsTailTest, passes_over_earlier_lives_and_foreign_lines) {
  append(start(0) + steps(1, 9));
  const MetricsTail tail(file_);
  append("[]\nnot json\n{\"event\":3}\n{\"step\":-1}\n" + start(5) + steps(6, 8));
  append(R"({"event":"end","step":8,"stop":"wall time"})"
         "\n");

  EXPECT_EQ(tail.read().first, 5U);
  EXPECT_EQ(tail.read().last, 8U);
  EXPECT_EQ(tail.read().stop, "wall time");
}

TEST_F(MetricsTailTest, of_a_life_that_made_no_step_is_where_it_began) {
  append(start(0) + steps(1, 9));
  const MetricsTail tail(file_);
  append(start(5));

  EXPECT_EQ(tail.read().last, 5U);
}

TEST_F(MetricsTailTest, tells_a_file_written_anew) {
  append(start(0) + steps(1, 30));
  const MetricsTail tail(file_);
  rewrite(start(0) + "{\"other\":1}\n" + steps(1, 40));

  EXPECT_EQ(tail.read().first, 0U);
  EXPECT_EQ(tail.read().last, 40U);
}

TEST_F(MetricsTailTest, tells_a_shorter_file_written_anew) {
  append(start(0) + steps(1, 30));
  const MetricsTail tail(file_);
  rewrite(start(0) + steps(1, 2));

  EXPECT_EQ(tail.read().last, 2U);
}

}  // namespace
}  // namespace rondo::apps
