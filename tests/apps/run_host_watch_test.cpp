// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <gtest/gtest.h>

#include "run/host_watch.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::apps {
namespace {

using namespace std::chrono_literals;
using Hosts = std::vector<Host>;

class RunHostWatch : public testing::Test {
 protected:
  /// What it finds so many seconds after the start.
  Hosts at(std::chrono::seconds time) { return watch_.lost(start_ + time); }
  void make_step() { std::ofstream(metrics_, std::ios::app) << "a step\n"; }

  test::TemporaryDirectory directory_;
  std::filesystem::path metrics_ = directory_.path() / "metrics.ndjson";
  Hosts missing_;
  int times_asked_ = 0;
  HostWatch::Clock::time_point start_ = HostWatch::Clock::now();
  HostWatch watch_{metrics_, 60s,
                   [this] {
                     ++times_asked_;
                     return missing_;
                   },
                   start_};
};

TEST_F(RunHostWatch, asks_nobody_while_there_are_steps) {
  missing_ = {{"a", 1}};
  for (int i = 0; i < 9; ++i) {
    make_step();
    EXPECT_EQ(at(i * 50s), Hosts{});
  }
  EXPECT_EQ(times_asked_, 0);
}

TEST_F(RunHostWatch, finds_hosts_that_twice_do_not_answer_in_a_silence) {
  missing_ = {{"a", 1}};

  EXPECT_EQ(at(59s), Hosts{});
  EXPECT_EQ(at(60s), Hosts{}) << "once may be chance";
  EXPECT_EQ(at(65s), (Hosts{{"a", 1}}));
}

TEST_F(RunHostWatch, forgives_a_host_that_answers_again) {
  missing_ = {{"a", 1}};
  EXPECT_EQ(at(60s), Hosts{});

  missing_ = {};
  EXPECT_EQ(at(65s), Hosts{});

  missing_ = {{"a", 1}};
  EXPECT_EQ(at(70s), Hosts{}) << "they have just answered";
  EXPECT_EQ(times_asked_, 2);
  EXPECT_EQ(at(130s), Hosts{});
  EXPECT_EQ(at(135s), missing_);
}

TEST_F(RunHostWatch, forgets_a_missed_answer_after_a_step) {
  missing_ = {{"a", 1}};
  EXPECT_EQ(at(60s), Hosts{});

  make_step();
  EXPECT_EQ(at(65s), Hosts{});
  EXPECT_EQ(at(125s), Hosts{});
}

}  // namespace
}  // namespace rondo::apps
