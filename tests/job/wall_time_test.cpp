// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/wall_time.hpp"

#include <atomic>
#include <cstdlib>
#include <ctime>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "job/fake_program.hpp"

namespace rondo::job {
namespace {

using namespace std::chrono_literals;
using Clock = WallTime::Clock;

TEST(Duration, has_units_from_days_to_seconds) {
  EXPECT_EQ(parse_duration("90"), 90s);
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("2d1h1m1s"), 49h + 61s);
  EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(Duration, of_any_other_text_is_none) {
  for (const char* text : {"", "h", "1h1h", "1m1h", "-1", "1.5h", "10 s", "1w", "1:30:00",
                           "99999999999999999999", "9999999999d"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

class SlurmTimeTest : public testing::Test {
 protected:
  void SetUp() override { ::unsetenv("SLURM_JOB_END_TIME"); }
  void TearDown() override { ::unsetenv("SLURM_JOB_END_TIME"); }

  static std::optional<std::chrono::seconds> left_by(const std::string& script) {
    const test::FakeProgram squeue("squeue", script);
    return slurm_time_left({.slurm_job_id = "417"});
  }
};

TEST_F(SlurmTimeTest, is_asked_for_in_a_job_only) {
  const test::FakeProgram squeue("squeue", "echo 10:00");

  EXPECT_EQ(slurm_time_left({}), std::nullopt);
  EXPECT_EQ(slurm_time_left({.slurm_job_id = "417"}), 10min);
}

TEST_F(SlurmTimeTest, of_the_environment_is_passed_over_by_who_asks_again) {
  const test::FakeProgram squeue("squeue", "echo 10:00");
  ::setenv("SLURM_JOB_END_TIME", "0", 1);

  EXPECT_EQ(slurm_time_left_now({.slurm_job_id = "417"}), 10min);
  EXPECT_EQ(slurm_time_left_now({}), std::nullopt);
}

TEST_F(SlurmTimeTest, is_read_in_all_of_squeues_forms) {
  EXPECT_EQ(left_by("echo 59"), 59s);
  EXPECT_EQ(left_by("echo 9:59"), 599s);
  EXPECT_EQ(left_by("echo 2:00:01"), 2h + 1s);
  EXPECT_EQ(left_by("echo 1-02:03:04"), 26h + 3min + 4s);
}

TEST_F(SlurmTimeTest, is_none_without_a_limit_or_an_answer) {
  EXPECT_EQ(left_by("echo UNLIMITED"), std::nullopt);
  EXPECT_EQ(left_by("echo INVALID"), std::nullopt);
  EXPECT_EQ(left_by("echo 10:00; exit 1"), std::nullopt);
}

TEST_F(SlurmTimeTest, is_taken_from_the_environment_first) {
  const test::FakeProgram squeue("squeue", "echo 10:00");
  ::setenv("SLURM_JOB_END_TIME", std::to_string(std::time(nullptr) + 100).c_str(), 1);

  const auto left = slurm_time_left({.slurm_job_id = "417"});

  ASSERT_TRUE(left);
  EXPECT_GE(*left, 90s);
  EXPECT_LE(*left, 100s);
}

/// Steps of one second each, until the last; what their number is.
int steps_within(Clock::duration time, WallTime::Assumptions assumed, double save_seconds = 0) {
  const Clock::time_point start{};
  WallTime wall_time(start + time, assumed);
  if (save_seconds > 0) wall_time.add_save(save_seconds);
  int steps = 1;
  while (!wall_time.is_last_step(0, start + steps * 1s))
    ++steps;
  return steps;
}

TEST(WallTime, without_an_end_never_stops) {
  WallTime wall_time;

  EXPECT_FALSE(wall_time.is_last_step(0));
  EXPECT_FALSE(wall_time.has_ended());
}

TEST(WallTime, leaves_room_for_two_steps_two_saves_and_the_end) {
  EXPECT_EQ(steps_within(100s, {.save_seconds = 0}), 96);
  EXPECT_EQ(steps_within(100s, {.save_seconds = 5}), 86);
}

TEST(WallTime, believes_measured_saves_and_not_assumptions) {
  EXPECT_EQ(steps_within(100s, {.save_seconds = 40}, 5), 86);
}

TEST(WallTime, counts_what_a_save_takes_behind_training_once_that_is_known) {
  WallTime wall_time(Clock::time_point{} + 100s, {.save_seconds = 7});
  wall_time.add_save(1, std::nullopt);
  EXPECT_DOUBLE_EQ(wall_time.needed(0), 2 * 7 + 2);

  wall_time.add_save(1, 3.0);
  EXPECT_DOUBLE_EQ(wall_time.needed(0), 2 * 4 + 2);
}

TEST(WallTime, makes_room_for_an_evaluation_only_where_one_is_due) {
  const auto stops_at_86 = [](int evaluations_ahead) {
    const Clock::time_point start{};
    WallTime wall_time(start + 100s, {.save_seconds = 0, .evaluation_steps = 10});
    EXPECT_FALSE(wall_time.is_last_step(1, start + 84s));
    EXPECT_FALSE(wall_time.is_last_step(1, start + 85s));  // 2 steps, 10 more, 2 s
    return wall_time.is_last_step(evaluations_ahead, start + 86s);
  };

  EXPECT_TRUE(stops_at_86(1));
  EXPECT_FALSE(stops_at_86(0));
}

TEST(WallTime, does_not_count_saves_and_evaluations_as_steps) {
  const Clock::time_point start{};
  WallTime wall_time(start + 1000s, {});
  EXPECT_FALSE(wall_time.is_last_step(0, start + 1s));
  wall_time.add_save(30);
  wall_time.add_evaluation(60);
  EXPECT_FALSE(wall_time.is_last_step(0, start + 92s));

  EXPECT_DOUBLE_EQ(wall_time.needed(0), 2 * 1 + 2 * 30 + 2);
  EXPECT_DOUBLE_EQ(wall_time.needed(1), 2 * 1 + 2 * 30 + 60 + 2);
}

TEST(WallTime, remembers_slow_steps_for_a_while) {
  const Clock::time_point start{};
  WallTime wall_time(start + 10000s, {.save_seconds = 0});
  auto now = start;
  EXPECT_FALSE(wall_time.is_last_step(0, now));
  EXPECT_FALSE(wall_time.is_last_step(0, now += 20s));
  for (int i = 0; i < 5; ++i)
    EXPECT_FALSE(wall_time.is_last_step(0, now += 1s));
  EXPECT_GT(wall_time.needed(0), 2 * 18);

  for (int i = 0; i < 300; ++i)
    EXPECT_FALSE(wall_time.is_last_step(0, now += 1s));
  EXPECT_LT(wall_time.needed(0), 5);
}

/// The end once a step at `now` has had its answer, or the one before if that does not change it.
std::optional<Clock::time_point> end_after_step(WallTime& wall_time, Clock::time_point now) {
  const auto before = wall_time.end();
  for (int i = 0; i < 500 && wall_time.end() == before; ++i) {
    wall_time.is_last_step(0, now);
    std::this_thread::sleep_for(10ms);
  }
  return wall_time.end();
}

TEST(WallTime, follows_a_limit_that_is_changed) {
  const Clock::time_point start{};
  std::atomic<int> left = 2000;
  WallTime wall_time(start + 1000s, {.save_seconds = 0});
  wall_time.follow([&] { return std::optional(std::chrono::seconds(left)); },
                   Clock::time_point::max(), 60s);

  EXPECT_FALSE(wall_time.is_last_step(0, start));
  EXPECT_EQ(end_after_step(wall_time, start + 60s), start + 2060s);
  EXPECT_FALSE(wall_time.is_last_step(0, start + 110s));

  left = 10;
  EXPECT_EQ(end_after_step(wall_time, start + 200s), start + 210s);
  EXPECT_TRUE(wall_time.is_last_step(0, start + 209s));
}

TEST(WallTime, follows_no_further_than_to_the_latest_end) {
  const Clock::time_point start{};
  WallTime wall_time(start + 100s, {.save_seconds = 0});
  wall_time.follow([] { return std::optional(1000s); }, start + 300s, 1s);

  EXPECT_FALSE(wall_time.is_last_step(0, start));
  EXPECT_EQ(end_after_step(wall_time, start + 10s), start + 300s);
}

TEST(WallTime, keeps_its_end_where_nobody_answers) {
  const Clock::time_point start{};
  std::atomic<int> times_asked = 0;
  WallTime wall_time(start + 100s, {.save_seconds = 0});
  const auto ask = [&]() -> std::optional<std::chrono::seconds> {
    ++times_asked;
    return std::nullopt;
  };
  wall_time.follow(ask, Clock::time_point::max(), 0s);

  // A second question means that the first one is answered.
  for (int i = 0; i < 500 && times_asked < 2; ++i) {
    EXPECT_FALSE(wall_time.is_last_step(0, start));
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_GE(times_asked, 2);
  EXPECT_EQ(wall_time.end(), start + 100s);
}

TEST(WallTime, without_an_end_gets_one_by_asking) {
  const Clock::time_point start{};
  WallTime wall_time;
  wall_time.follow([] { return std::optional(10s); }, Clock::time_point::max(), 60s);

  EXPECT_FALSE(wall_time.is_last_step(0, start));
  EXPECT_EQ(end_after_step(wall_time, start + 61s), start + 71s);
}

TEST(WallTime, stays_ended) {
  const Clock::time_point start{};
  WallTime wall_time(start + 10s, {});
  EXPECT_TRUE(wall_time.is_last_step(0, start + 9s));

  EXPECT_TRUE(wall_time.is_last_step(0, start + 1s));
  EXPECT_TRUE(wall_time.has_ended());
}

}  // namespace
}  // namespace rondo::job
