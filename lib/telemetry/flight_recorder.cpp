// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/flight_recorder.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::telemetry {

FlightRecorder::FlightRecorder(std::size_t capacity) : ring_(capacity) {
  require(capacity > 0, "FlightRecorder: the capacity must be positive");
}

std::uint64_t FlightRecorder::started(const char* operation, std::size_t bytes,
                                      Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  ring_[next_ % ring_.size()] = {.operation = operation, .bytes = bytes, .start = now, .end = now};
  return next_++;
}

void FlightRecorder::finished(std::uint64_t sequence, Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  const bool is_kept = sequence < next_ && next_ - sequence <= ring_.size();
  if (!is_kept) return;
  Event& event = ring_[sequence % ring_.size()];
  event.end = now;
  event.is_finished = true;
}

std::string FlightRecorder::dump(Clock::time_point now) const {
  const std::scoped_lock lock(mutex_);
  std::string text;
  for (std::uint64_t s = next_ - std::min<std::uint64_t>(next_, ring_.size()); s < next_; ++s) {
    const Event& event = ring_[s % ring_.size()];
    const std::chrono::duration<double, std::milli> took =
        (event.is_finished ? event.end : now) - event.start;
    text += fmt::format("#{} {} {} bytes, {} {:.1f} ms\n", s, event.operation, event.bytes,
                        event.is_finished ? "took" : "unfinished for", took.count());
  }
  return text;
}

}  // namespace rondo::telemetry
