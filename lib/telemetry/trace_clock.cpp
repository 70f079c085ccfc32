// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "telemetry/trace_clock.hpp"

#include <algorithm>
#include <utility>

namespace rondo::telemetry {

ClockMap::ClockMap(std::vector<ClockSample> samples) : samples_(std::move(samples)) {
  const auto by_time = [](const ClockSample& a, const ClockSample& b) { return a.at < b.at; };
  const auto is_same = [](const ClockSample& a, const ClockSample& b) { return a.at == b.at; };
  std::stable_sort(samples_.begin(), samples_.end(), by_time);
  samples_.erase(std::unique(samples_.begin(), samples_.end(), is_same), samples_.end());
}

std::int64_t ClockMap::to_reference(std::int64_t time) const {
  if (samples_.empty()) return time;
  const auto is_later = [](std::int64_t at, const ClockSample& sample) { return at < sample.at; };
  const auto next = std::upper_bound(samples_.begin(), samples_.end(), time, is_later);
  if (next == samples_.begin()) return time - samples_.front().offset;
  if (next == samples_.end()) return time - samples_.back().offset;
  const ClockSample& before = *std::prev(next);
  const double share =
      static_cast<double>(time - before.at) / static_cast<double>(next->at - before.at);
  const auto change =
      static_cast<std::int64_t>(share * static_cast<double>(next->offset - before.offset));
  return time - before.offset - change;
}

std::int64_t ClockMap::error() const {
  std::int64_t largest = 0;
  for (const ClockSample& sample : samples_)
    largest = std::max(largest, sample.error);
  return largest;
}

}  // namespace rondo::telemetry
