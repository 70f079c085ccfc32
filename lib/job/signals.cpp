// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/signals.hpp"

#include <atomic>
#include <csignal>
#include <cstdint>

namespace rondo::job {
namespace {

std::atomic<bool> stop_flag{false};
std::atomic<std::int64_t> first_interrupt_ms{-1};  // by the steady clock
static_assert(std::atomic<bool>::is_always_lock_free &&
                  std::atomic<std::int64_t>::is_always_lock_free,
              "written in a signal handler");

void install(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

extern "C" void on_stop_signal(int /*signal*/) {
  stop_flag = true;
}

extern "C" void on_interrupt(int signal) {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::steady_clock::now().time_since_epoch())
                       .count();
  std::int64_t first = -1;
  if (!first_interrupt_ms.compare_exchange_strong(first, now) &&
      now - first > interrupt_echo.count()) {
    install(signal, SIG_DFL);
    ::raise(signal);  // delivered when this handler returns
  }
  stop_flag = true;
}

}  // namespace

void install_stop_signals() {
  install(SIGTERM, on_stop_signal);
  install(SIGUSR1, on_stop_signal);
  install(SIGINT, on_interrupt);
}

bool stop_requested() noexcept {
  return stop_flag;
}
void request_stop() noexcept {
  stop_flag = true;
}
void clear_stop_request() noexcept {
  stop_flag = false;
  first_interrupt_ms = -1;
}

}  // namespace rondo::job
