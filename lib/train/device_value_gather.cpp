// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train/device_value_gather.hpp"

#include "rondo/precision/device_casts.hpp"

namespace rondo::train {

DeviceValueGather::DeviceValueGather(DeviceState& state, const grad::Layout& layout)
    : state_(state),
      layout_(layout),
      updated_(state.device()),
      under_way_(layout.buckets().size()) {
  for (std::size_t bucket = 0; bucket < under_way_.size(); ++bucket)
    arrived_.emplace_back(state.device());
}

/// The arena's end holds what a forward pass reads first.
void DeviceValueGather::start(const precision::RoundingKey& key) {
  updated_.record(state_.stream());
  state_.transfers().wait_for(updated_);
  for (std::size_t bucket = under_way_.size(); bucket-- > 0;) {
    gather(bucket, key);
    arrived_[bucket].record(state_.transfers());
    under_way_[bucket] = true;
  }
}

/// The update has rounded this rank's own part.
void DeviceValueGather::gather(std::size_t bucket, const precision::RoundingKey& key) {
  const optim::DeviceArena arena = state_.arena();
  const grad::ElementRange whole = layout_.buckets()[bucket];
  const grad::ElementRange mine = layout_.shard(whole, state_.comm().rank());
  comm::allgather<float>(state_.comm(), state_.transfers(),
                         arena.values.subspan(mine.begin, mine.size()),
                         arena.values.subspan(whole.begin, whole.size()));
  if (arena.copy.empty()) return;
  for (const grad::ElementRange range :
       {grad::ElementRange{whole.begin, mine.begin}, grad::ElementRange{mine.end, whole.end}})
    precision::round_to_copy(state_.transfers(), arena.values.subspan(range.begin, range.size()),
                             arena.copy.subspan(range.begin, range.size()),
                             {key.seed, key.step, range.begin});
}

bool DeviceValueGather::is_awaited(grad::ElementRange range) const {
  const auto [first, last] = layout_.buckets_of(range);
  for (std::size_t bucket = first; bucket < last; ++bucket)
    if (under_way_[bucket]) return false;
  return true;
}

void DeviceValueGather::await(grad::ElementRange range) {
  const auto [first, last] = layout_.buckets_of(range);
  for (std::size_t bucket = first; bucket < last; ++bucket) {
    if (!under_way_[bucket]) continue;
    state_.stream().wait_for(arrived_[bucket]);
    under_way_[bucket] = false;
  }
}

}  // namespace rondo::train
