// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/held_groups.hpp"

#include <algorithm>
#include <utility>

namespace rondo::data {

HeldGroups::HeldGroups(LaneSampler sampler, std::size_t first_lane, std::size_t last_lane)
    : sampler_(sampler), first_lane_(first_lane), held_(last_lane - first_lane) {}

std::vector<std::uint64_t> HeldGroups::enter(std::size_t epoch, std::size_t lane,
                                             std::size_t position) {
  Held& held = held_[lane - first_lane_];
  const LaneSampler::Group& group = held.group;
  if (held.epoch == epoch && position >= group.first && position - group.first < group.count)
    return {};
  std::vector<std::uint64_t> dropped = group.chunks;
  held = {epoch, sampler_.group(epoch, lane, sampler_.group_of(epoch, lane, position))};
  std::erase_if(dropped, [this](std::uint64_t chunk) { return is_needed(chunk); });
  return dropped;
}

std::size_t HeldGroups::end(std::size_t lane) const {
  const LaneSampler::Group& group = held_[lane - first_lane_].group;
  return group.first + group.count;
}

bool HeldGroups::is_needed(std::uint64_t chunk) const {
  return std::any_of(held_.begin(), held_.end(), [chunk](const Held& held) {
    return std::find(held.group.chunks.begin(), held.group.chunks.end(), chunk) !=
           held.group.chunks.end();
  });
}

}  // namespace rondo::data
