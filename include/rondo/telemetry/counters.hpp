// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::telemetry {

/// The time since its making, or since the last restart, on a steady clock.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  void restart() { begin_ = Clock::now(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

/// How often named things happened, and how long they took in all. Thread-safe.
class Counters {
 public:
  struct Entry {
    std::string name;
    std::uint64_t count = 0;
    double seconds = 0;
  };

  void add(std::string_view name, double seconds, std::uint64_t count = 1);
  /// In the order of their first appearance.
  std::vector<Entry> entries() const;
  /// A line each: name, count, seconds, microseconds a time.
  std::string table() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

/// Adds the time between its making and its end to a counter.
class ScopedTimer {
 public:
  /// Both must outlive the timer.
  ScopedTimer(Counters& counters, std::string_view name) : counters_(counters), name_(name) {}
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;
  ~ScopedTimer() { counters_.add(name_, stopwatch_.seconds()); }

 private:
  Counters& counters_;
  std::string_view name_;
  Stopwatch stopwatch_;
};

}  // namespace rondo::telemetry
