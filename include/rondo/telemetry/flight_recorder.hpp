// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace rondo::telemetry {

/// Remembers the last operations, so that a failure can tell what went before it. Thread-safe;
/// never allocates after its making.
class FlightRecorder {
 public:
  using Clock = std::chrono::steady_clock;

  explicit FlightRecorder(std::size_t capacity = 32);

  /// Records a start and returns its sequence number, counted from 0. `operation` is kept by
  /// address: a string literal.
  std::uint64_t started(const char* operation, std::size_t bytes,
                        Clock::time_point now = Clock::now());
  /// Records the end of that operation; nothing happens if it has been overwritten since.
  void finished(std::uint64_t sequence, Clock::time_point now = Clock::now());

  /// The remembered operations, oldest first, a line each:
  ///
  ///     #17 allreduce 4194304 bytes, took 3.2 ms
  ///     #18 allreduce 1048576 bytes, unfinished for 2000.1 ms
  std::string dump(Clock::time_point now = Clock::now()) const;

 private:
  struct Event {
    const char* operation = nullptr;
    std::size_t bytes = 0;
    Clock::time_point start;
    Clock::time_point end;
    bool is_finished = false;
  };

  mutable std::mutex mutex_;
  std::vector<Event> ring_;  ///< event s is at s % size
  std::uint64_t next_ = 0;
};

}  // namespace rondo::telemetry
