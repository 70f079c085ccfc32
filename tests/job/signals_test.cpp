// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/signals.hpp"

#include <chrono>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rondo::job {
namespace {

/// What became of a child process that ran `f` and then left with 0.
template <class F>
int status_after(F&& f) {
  const pid_t child = ::fork();
  if (child == 0) {
    f();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

class SignalsTest : public testing::TestWithParam<int> {};

TEST_P(SignalsTest, set_the_flag_and_kill_nothing) {
  const int status = status_after([] {
    install_stop_signals();
    if (stop_requested()) ::_exit(1);
    ::raise(GetParam());
    if (!stop_requested()) ::_exit(2);
  });

  EXPECT_EQ(status, 0);
}

INSTANTIATE_TEST_SUITE_P(All, SignalsTest, testing::Values(SIGTERM, SIGUSR1, SIGINT));

TEST(Signals, end_the_process_at_the_second_interrupt) {
  const int status = status_after([] {
    install_stop_signals();
    ::raise(SIGINT);
    std::this_thread::sleep_for(interrupt_echo + std::chrono::milliseconds(50));
    ::raise(SIGINT);
  });

  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGINT);
}

// As `timeout --signal=INT` does: to the process, then to its group.
TEST(Signals, take_an_interrupt_that_arrives_twice_for_one) {
  const int status = status_after([] {
    install_stop_signals();
    ::raise(SIGINT);
    ::raise(SIGINT);
    if (!stop_requested()) ::_exit(1);
  });

  EXPECT_EQ(status, 0);
}

TEST(Signals, can_be_repeated_for_termination) {
  const int status = status_after([] {
    install_stop_signals();
    ::raise(SIGTERM);
    ::raise(SIGTERM);
  });

  EXPECT_EQ(status, 0);
}

TEST(StopRequest, is_set_and_cleared_by_hand) {
  request_stop();
  EXPECT_TRUE(stop_requested());

  clear_stop_request();
  EXPECT_FALSE(stop_requested());
}

}  // namespace
}  // namespace rondo::job
