// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/axis.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace rondo::telemetry {
namespace {

/// The smallest of 1, 2, 5, 10 times a power of ten that is not below `step`.
double round_step(double step) {
  const double magnitude = std::pow(10.0, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (step <= factor * magnitude * (1 + 1e-9)) return factor * magnitude;
  return 10 * magnitude;
}

}  // namespace

std::string Axis::label(double tick) const {
  return fmt::format("{:.{}f}", tick, decimals);
}

Axis make_axis(double low, double high, int tick_count) {
  // A single value, or values that differ by rounding only, get an axis around them.
  const double least_span = std::max(std::abs(low), std::abs(high)) * 1e-6;
  if (!(high - low > least_span)) {
    const double margin = low == 0 ? 1 : std::abs(low) * 0.1;
    low -= margin;
    high += margin;
  }
  const double step = round_step((high - low) / std::max(tick_count - 1, 1));
  const auto first = static_cast<long>(std::floor(low / step + 1e-9));
  const auto last = static_cast<long>(std::ceil(high / step - 1e-9));

  Axis axis;
  axis.decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  for (long i = first; i <= last; ++i)
    axis.ticks.push_back(static_cast<double>(i) * step);
  axis.low = axis.ticks.front();
  axis.high = axis.ticks.back();
  return axis;
}

}  // namespace rondo::telemetry
