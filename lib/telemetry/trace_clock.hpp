// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rondo/telemetry/trace.hpp"

namespace rondo::telemetry {

/// Turns the times of one clock into the reference's, by samples of how far it was ahead: straight
/// lines between samples, the nearest sample's offset outside of them.
class ClockMap {
 public:
  /// Without samples the two clocks are taken as one.
  explicit ClockMap(std::vector<ClockSample> samples = {});

  /// Keeps the order of times, as long as clocks drift by less than they run.
  std::int64_t to_reference(std::int64_t time) const;
  /// The largest of the samples'.
  std::int64_t error() const;

 private:
  std::vector<ClockSample> samples_;  // by time
};

}  // namespace rondo::telemetry
