// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/call_watch.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"

namespace rondo {
namespace {

using std::chrono::milliseconds;

struct Calls {
  std::atomic<bool> are_watched{false};
  std::mutex mutex;
  std::vector<WatchedCall*> under_way;
};

/// For good: threads may still read while the process ends.
Calls& calls() {
  static auto* const all = new Calls;  // NOLINT(cppcoreguidelines-owning-memory)
  return *all;
}

std::string seconds_text(milliseconds time) {
  return fmt::format("{:.3g} s", std::chrono::duration<double>(time).count());
}

/// Signals of this process are for the other threads.
std::thread start_without_signals(std::function<void()> work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  std::thread thread(std::move(work));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

WatchedCall::WatchedCall(ExitCode code, const char* advice, std::function<std::string()> what)
    : code_(code), advice_(advice), what_(std::move(what)) {
  if (!calls().are_watched.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(calls().mutex);
  calls().under_way.push_back(this);
  is_listed_ = true;
}

WatchedCall::~WatchedCall() {
  if (!is_listed_) return;
  const std::lock_guard lock(calls().mutex);
  std::erase(calls().under_way, this);
}

/// Empty: nothing to complain of.
struct CallWatch::Complaint {
  std::string text = {};
  bool is_final = false;
  ExitCode code = ExitCode::internal;
};

CallWatch::CallWatch(Options options)
    : options_(std::move(options)),
      interval_(std::clamp(std::min(options_.warning, options_.limit) / 4, milliseconds(1),
                           milliseconds(1000))) {
  require(!calls().are_watched.exchange(true), "a CallWatch exists already");
  thread_ = start_without_signals([this] { watch(); });
}

CallWatch::~CallWatch() {
  {
    const std::lock_guard lock(calls().mutex);
    is_over_ = true;
  }
  wake_.notify_all();
  thread_.join();
  calls().are_watched = false;
}

void CallWatch::watch() {
  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  std::unique_lock lock(calls().mutex);
  while (!wake_.wait_for(lock, interval_, [this] { return is_over_; })) {
    const auto now = Clock::now();
    add_time(std::chrono::duration_cast<milliseconds>(now - last));
    last = now;
    const Complaint complaint = next_complaint();
    lock.unlock();
    speak(complaint);
    lock.lock();
  }
}

/// Of a process that was stopped, the time in between is not the calls'.
void CallWatch::add_time(milliseconds passed) {
  for (WatchedCall* const call : calls().under_way)
    call->waited_ += std::min(passed, 2 * interval_);
}

/// Where many calls hang for one reason, the first speaks for all.
CallWatch::Complaint CallWatch::next_complaint() {
  const auto& under_way = calls().under_way;
  if (under_way.empty()) return {};
  WatchedCall& longest = **std::ranges::max_element(under_way, {}, &WatchedCall::waited_);
  const std::string waited = seconds_text(longest.waited_);
  if (longest.waited_ >= options_.limit)
    return {.text = fmt::format("{} has not come to an end for {}: {}", longest.what_(), waited,
                                longest.advice_),
            .is_final = true,
            .code = longest.code_};
  const bool is_known = std::ranges::any_of(under_way, &WatchedCall::has_warned_);
  if (is_known || longest.waited_ < options_.warning) return {};
  longest.has_warned_ = true;
  return {.text = fmt::format("{} has not come to an end for {}; after {} it ends this process",
                              longest.what_(), waited, seconds_text(options_.limit))};
}

void CallWatch::speak(const Complaint& complaint) const {
  if (complaint.text.empty()) return;
  if (complaint.is_final)
    options_.end(complaint.code, complaint.text);
  else
    log::warning(complaint.text);
}

void CallWatch::log_and_exit(ExitCode code, const std::string& what) {
  log::error(what);
  std::_Exit(static_cast<int>(code));
}

}  // namespace rondo
