// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace rondo::telemetry {

/// An axis from `low` to `high` with ticks at round numbers.
struct Axis {
  double low = 0;
  double high = 1;
  std::vector<double> ticks;
  int decimals = 0;  ///< that the labels need

  double fraction(double value) const { return (value - low) / (high - low); }
  std::string label(double tick) const;
};

/// An axis that covers [low, high], begins and ends at a tick, and has about `tick_count` of them,
/// 1, 2 or 5 times a power of ten apart.
Axis make_axis(double low, double high, int tick_count);

}  // namespace rondo::telemetry
