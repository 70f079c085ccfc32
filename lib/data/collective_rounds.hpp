// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/data/lane_sampler.hpp"

#include "data/load_plan.hpp"

namespace rondo::data {

/// How many chunks the ranks read one after the other, together, before a step: as many as the rank
/// with the most has in the groups that the step is the first to need.
///
/// Each rank finds this out for all ranks by itself, from the order alone: whether a rank still
/// holds some of its chunks does not matter. Not thread-safe.
class CollectiveRounds {
 public:
  /// Rank r has the lanes [first_lanes[r], first_lanes[r + 1]); `step` of `epoch` is the first.
  CollectiveRounds(const LaneSampler& sampler, std::span<const std::size_t> first_lanes,
                   std::size_t epoch, std::size_t step);

  /// Of steps that are asked for one after the other.
  std::size_t before(std::size_t epoch, std::size_t step);

 private:
  std::vector<LoadPlan> plans_;  ///< of the ranks that have samples
};

}  // namespace rondo::data
