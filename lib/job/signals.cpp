// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/signals.hpp"

#include <atomic>
#include <csignal>

namespace rondo::job {
namespace {

std::atomic<bool> stop_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "written in a signal handler");

extern "C" void on_stop_signal(int /*signal*/) {
  stop_flag = true;
}

void install(int signal, int flags) {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART | flags;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void install_stop_signals() {
  install(SIGTERM, 0);
  install(SIGUSR1, 0);
  install(SIGINT, static_cast<int>(SA_RESETHAND));  // the second one meets the default again
}

bool stop_requested() noexcept {
  return stop_flag;
}
void request_stop() noexcept {
  stop_flag = true;
}
void clear_stop_request() noexcept {
  stop_flag = false;
}

}  // namespace rondo::job
