// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <optional>

#include <gmock/gmock.h>

#include "run/supervisor.hpp"

namespace rondo::apps {
namespace {

using testing::HasSubstr;

LifeEnd failure(int code, std::optional<std::uint64_t> last_step) {
  return {.code = code, .first_step = 0, .last_step = last_step};
}

TEST(Supervisor, ends_with_the_run) {
  Supervisor supervisor({});

  const Verdict verdict = supervisor.judge({.code = 0});

  EXPECT_FALSE(verdict.restart);
  EXPECT_EQ(verdict.code, 0);
}

TEST(Supervisor, restarts_after_a_killed_rank_or_a_lost_peer) {
  Supervisor supervisor({});

  const Verdict killed = supervisor.judge(failure(137, 10));
  const Verdict lost = supervisor.judge(failure(75, 20));

  EXPECT_TRUE(killed.restart);
  EXPECT_THAT(killed.reason, HasSubstr("signal 9"));
  EXPECT_TRUE(lost.restart);
  EXPECT_THAT(lost.reason, HasSubstr("lost peer"));
}

TEST(Supervisor, does_not_restart_what_would_fail_again) {
  for (const int code : {2, 65, 66, 73, 76, 78}) {
    Supervisor supervisor({});
    const Verdict verdict = supervisor.judge(failure(code, std::nullopt));
    EXPECT_FALSE(verdict.restart) << code;
    EXPECT_EQ(verdict.code, code);
  }
}

TEST(Supervisor, waits_for_a_run_directory_that_the_last_life_may_hold) {
  Supervisor supervisor({});
  supervisor.judge(failure(205, 10));

  const Verdict held = supervisor.judge(failure(73, std::nullopt));

  EXPECT_TRUE(held.restart);
  EXPECT_TRUE(supervisor.judge(failure(73, std::nullopt)).restart);
  EXPECT_FALSE(supervisor.judge(failure(205, 10)).restart) << "the failure is not forgotten";
}

TEST(Supervisor, restarts_when_hosts_are_lost_at_the_same_step) {
  Supervisor supervisor({});
  LifeEnd end = failure(205, 10);
  end.lost_hosts = "a:2";
  supervisor.judge(end);

  const Verdict verdict = supervisor.judge(end);

  EXPECT_TRUE(verdict.restart);
  EXPECT_THAT(verdict.reason, HasSubstr("no answer from a:2"));
}

TEST(Supervisor, does_not_restart_after_a_stop) {
  Supervisor supervisor({});

  const Verdict own = supervisor.judge({.code = 75, .last_step = 9, .stop = "wall time"});
  const Verdict sent = supervisor.judge({.code = 75, .last_step = 9, .signal = SIGTERM});
  const Verdict killed = supervisor.judge({.code = 137, .last_step = 9, .signal = SIGTERM});

  EXPECT_FALSE(own.restart);
  EXPECT_EQ(own.code, 75);
  EXPECT_THAT(own.reason, HasSubstr("wall time"));
  EXPECT_FALSE(sent.restart);
  EXPECT_EQ(sent.code, 75);
  EXPECT_THAT(sent.reason, HasSubstr("SIGTERM"));
  EXPECT_FALSE(killed.restart);
  EXPECT_EQ(killed.code, 75) << "the newest checkpoint still counts";
}

TEST(Supervisor, reports_a_refusal_rather_than_the_signal_that_came_too) {
  Supervisor supervisor({});

  EXPECT_EQ(supervisor.judge({.code = 78, .signal = SIGUSR1}).code, 78);
}

TEST(Supervisor, ends_when_a_failure_repeats_at_the_same_step) {
  Supervisor supervisor({});

  EXPECT_TRUE(supervisor.judge(failure(139, 57)).restart);
  const Verdict again = supervisor.judge(failure(139, 57));

  EXPECT_FALSE(again.restart);
  EXPECT_EQ(again.code, 139);
  EXPECT_THAT(again.reason, HasSubstr("twice after step 57"));
}

TEST(Supervisor, ends_when_a_failure_repeats_before_the_first_step_if_steps_are_known_at_all) {
  Supervisor trainer({.knows_steps = true});
  Supervisor stranger({.knows_steps = false});

  EXPECT_TRUE(trainer.judge(failure(1, std::nullopt)).restart);
  EXPECT_FALSE(trainer.judge(failure(1, std::nullopt)).restart);
  EXPECT_TRUE(stranger.judge(failure(1, std::nullopt)).restart);
  EXPECT_TRUE(stranger.judge(failure(1, std::nullopt)).restart);
}

TEST(Supervisor, ends_when_no_restart_is_left) {
  Supervisor supervisor({.max_restarts = 2});

  EXPECT_TRUE(supervisor.judge(failure(137, 1)).restart);
  EXPECT_TRUE(supervisor.judge_too_few_hosts().restart);
  const Verdict last = supervisor.judge(failure(137, 2));

  EXPECT_FALSE(last.restart);
  EXPECT_EQ(last.code, 137);
  EXPECT_THAT(last.reason, HasSubstr("no restart is left of 2"));
}

TEST(Supervisor, waits_longer_as_long_as_nothing_is_gained) {
  using Seconds = std::chrono::duration<double>;
  Supervisor supervisor({.max_restarts = 100, .back_off = Seconds(3), .knows_steps = false});

  supervisor.judge(failure(137, 5));
  EXPECT_EQ(supervisor.back_off(), Seconds(3));
  supervisor.judge(failure(137, std::nullopt));
  EXPECT_EQ(supervisor.back_off(), Seconds(3));
  supervisor.judge(failure(137, std::nullopt));
  EXPECT_EQ(supervisor.back_off(), Seconds(6));
  supervisor.judge(failure(137, 6));
  EXPECT_EQ(supervisor.back_off(), Seconds(3));
  for (int i = 0; i < 50; ++i)
    supervisor.judge_too_few_hosts();
  EXPECT_EQ(supervisor.back_off(), Seconds(3 * 64));
}

}  // namespace
}  // namespace rondo::apps
