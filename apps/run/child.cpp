// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "run/child.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rondo/base/error.hpp"

namespace rondo::apps {
namespace {

constexpr int exec_failed = 127;  // as shells have it
constexpr auto until_killed = std::chrono::seconds(10);

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD})
    sigaddset(&set, signal);
  return set;
}

/// In the child. Only what is safe after a fork; a group of its own keeps a terminal's Ctrl-C away.
[[noreturn]] void become(char* const* words, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(exec_failed);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvp(words[0], words);
  ::perror(words[0]);
  ::_exit(exec_failed);
}

pid_t start(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(arguments.data(), parent);
  if (child < 0)
    throw Error(ExitCode::internal,
                fmt::format("cannot start a process: {}", std::generic_category().message(errno)));
  return child;
}

/// The next signal of `set`, if one comes in time.
std::optional<int> next_of(const sigset_t& set, std::chrono::duration<double> time) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(time);
  for (;;) {
    const auto left = std::max(end - Clock::now(), Clock::duration(0));
    const auto whole = std::chrono::floor<std::chrono::seconds>(left);
    const timespec limit{.tv_sec = whole.count(), .tv_nsec = (left - whole).count()};
    const int signal = ::sigtimedwait(&set, nullptr, &limit);
    if (signal > 0) return signal;
    if (errno != EINTR) return std::nullopt;
  }
}

std::optional<int> code_if_ended(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, WNOHANG) != child) return std::nullopt;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

SignalQueue::SignalQueue() {
  const sigset_t set = awaited_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

std::optional<int> SignalQueue::wait_for_stop(std::chrono::duration<double> time) const {
  sigset_t set = awaited_signals();
  sigdelset(&set, SIGCHLD);
  return next_of(set, time);
}

std::optional<int> SignalQueue::wait(std::chrono::duration<double> time) const {
  return next_of(awaited_signals(), time);
}

ChildEnd run_child(const std::vector<std::string>& words, const SignalQueue& signals,
                   const Oversight& oversight) {
  const pid_t child = start(words);
  ChildEnd end;
  for (;;) {
    const auto signal = signals.wait(end.given_up ? until_killed : oversight.interval);
    if (const auto code = code_if_ended(child)) {
      end.code = *code;
      return end;
    }
    if (signal && *signal != SIGCHLD) {
      const bool again = end.signal != 0 && *signal != SIGUSR1;
      ::kill(child, again ? SIGTERM : SIGUSR1);
      if (end.signal == 0) end.signal = *signal;
    } else if (!signal && end.given_up) {
      ::kill(-child, SIGKILL);
    } else if (!signal && oversight.gives_up()) {
      end.given_up = true;
      ::kill(child, SIGTERM);
    }
  }
}

}  // namespace rondo::apps
