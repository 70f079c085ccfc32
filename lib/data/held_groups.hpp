// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rondo/data/lane_sampler.hpp"

namespace rondo::data {

/// Which chunks a rank's lanes need now: those of each lane's present group. Not thread-safe.
class HeldGroups {
 public:
  HeldGroups(LaneSampler sampler, std::size_t first_lane, std::size_t last_lane);

  /// The lane goes to the group that holds `position`. Returns the chunks that no lane needs any
  /// more.
  std::vector<std::uint64_t> enter(std::size_t epoch, std::size_t lane, std::size_t position);

  /// Where the lane's present group ends.
  std::size_t end(std::size_t lane) const;

 private:
  struct Held {
    std::size_t epoch = 0;
    LaneSampler::Group group;  ///< of no positions before the lane has entered one
  };

  bool is_needed(std::uint64_t chunk) const;

  LaneSampler sampler_;
  std::size_t first_lane_;
  std::vector<Held> held_;  ///< one a lane
};

}  // namespace rondo::data
