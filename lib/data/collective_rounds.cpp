// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/collective_rounds.hpp"

#include <algorithm>
#include <utility>

namespace rondo::data {

CollectiveRounds::CollectiveRounds(const LaneSampler& sampler,
                                   std::span<const std::size_t> first_lanes, std::size_t epoch,
                                   std::size_t step) {
  for (std::size_t rank = 0; rank + 1 < first_lanes.size(); ++rank) {
    LoadPlan plan(sampler, first_lanes[rank], first_lanes[rank + 1], epoch, step);
    if (plan.lanes() > 0) plans_.push_back(std::move(plan));
  }
}

std::size_t CollectiveRounds::before(std::size_t epoch, std::size_t step) {
  std::size_t rounds = 0;
  for (LoadPlan& plan : plans_) {
    std::size_t chunks = 0;
    while (plan.is_due(epoch, step))
      chunks += plan.next().group.chunks.size();
    rounds = std::max(rounds, chunks);
  }
  return rounds;
}

}  // namespace rondo::data
