// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace rondo::train {

/// How many steps must lie between saves that cost `cost_seconds` each, for these to be no more
/// than `overhead` of the steps' time.
inline std::uint64_t steps_between_saves(double cost_seconds, double step_seconds,
                                         double overhead) {
  constexpr double most = 1e9;
  const double allowed_seconds = overhead * std::max(step_seconds, 1e-9);
  return static_cast<std::uint64_t>(
      std::clamp(std::ceil(cost_seconds / allowed_seconds), 1.0, most));
}

}  // namespace rondo::train
