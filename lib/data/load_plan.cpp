// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/load_plan.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "rondo/base/error.hpp"

namespace rondo::data {

LoadPlan::LoadPlan(LaneSampler sampler, std::size_t first_lane, std::size_t last_lane,
                   std::size_t epoch, std::size_t step)
    : sampler_(sampler) {
  for (std::size_t lane = first_lane; lane < last_lane; ++lane)
    if (sampler_.lane_samples(lane) > 0)
      places_.push_back({lane, epoch, step * sampler_.micro_batch()});
}

LoadPlan::Place& LoadPlan::next_place() {
  require(!places_.empty(), "LoadPlan: none of the lanes has a sample");
  for (Place& place : places_)
    skip_ended_epochs(place);
  return *std::min_element(places_.begin(), places_.end(),
                           [this](const Place& a, const Place& b) { return is_before(a, b); });
}

bool LoadPlan::is_due(std::size_t epoch, std::size_t step) {
  const Place& place = next_place();
  return std::pair(place.epoch, place.position / sampler_.micro_batch()) <= std::pair(epoch, step);
}

LoadPlan::Item LoadPlan::next() {
  Place& place = next_place();
  const std::size_t index = sampler_.group_of(place.epoch, place.lane, place.position);
  Item item{place.epoch, place.lane, sampler_.group(place.epoch, place.lane, index)};
  const std::size_t end = item.group.first + item.group.count;
  item.remaining = end - place.position;
  item.is_at_end = item.group.first == 0 || end == sampler_.lane_samples(place.lane);
  place.position = end;
  return item;
}

bool LoadPlan::will_share(std::size_t epoch, std::uint64_t chunk) const {
  return std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
    return place.epoch <= epoch && will_share(place, epoch, chunk);
  });
}

bool LoadPlan::will_share(const Place& place, std::size_t epoch, std::uint64_t chunk) const {
  const std::size_t position = place.epoch == epoch ? place.position : 0;
  if (position >= sampler_.lane_samples(place.lane)) return false;
  const auto has_chunk = [&](std::size_t index) {
    const auto chunks = sampler_.group(epoch, place.lane, index).chunks;
    return std::find(chunks.begin(), chunks.end(), chunk) != chunks.end();
  };
  return (position == 0 && has_chunk(0)) || has_chunk(sampler_.group_count(epoch, place.lane) - 1);
}

bool LoadPlan::is_before(const Place& left, const Place& right) const {
  const auto order = [this](const Place& place) {
    return std::tuple(place.epoch, place.position / sampler_.micro_batch(), place.lane);
  };
  return order(left) < order(right);
}

void LoadPlan::skip_ended_epochs(Place& place) const {
  if (place.position < sampler_.lane_samples(place.lane)) return;
  place.position = 0;
  ++place.epoch;
}

}  // namespace rondo::data
