// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/clock_exchange.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

namespace rondo::train {
namespace {

/// Of one round, on the clock of the rank that noted it.
struct Stamps {
  std::int64_t entered = 0;
  std::int64_t left = 0;
};

/// What a rank's own stamps and rank 0's say of the offset.
struct Bounds {
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  std::int64_t high = std::numeric_limits<std::int64_t>::max();

  void tighten(const Stamps& own, const Stamps& reference) {
    low = std::max(low, own.entered - reference.left);
    high = std::min(high, own.left - reference.entered);
  }
};

}  // namespace

telemetry::ClockSample exchange_clocks(comm::Communicator& comm, const ShowClock& now, int rounds) {
  std::vector<Stamps> all(static_cast<std::size_t>(comm.size()));
  Stamps own;
  Bounds bounds;
  // Each round brings the stamps of the one before.
  for (int round = 0; round <= rounds; ++round) {
    const Stamps before = own;
    own.entered = now();
    comm::allgather(comm, std::span(&before, 1), std::span(all), {.name = "clocks"});
    own.left = now();
    if (round > 0) bounds.tighten(before, all.front());
  }
  if (comm.rank() == 0) return {.at = own.left, .offset = 0, .error = 0};
  return {.at = own.left,
          .offset = bounds.low + (bounds.high - bounds.low) / 2,
          .error = (bounds.high - bounds.low + 1) / 2};
}

}  // namespace rondo::train
