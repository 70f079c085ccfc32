// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/chunk_store.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace rondo::data {
namespace {

/// The group that holds a position, in a list of open ones.
template <class Groups>
auto find(Groups& groups, std::size_t epoch, std::size_t lane, std::size_t position) {
  return std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
    const LaneSampler::Group& range = group.item.group;
    return group.item.epoch == epoch && group.item.lane == lane && position >= range.first &&
           position - range.first < range.count;
  });
}

}  // namespace

ChunkStore::ChunkStore(LoadPlan plan, std::size_t capacity, std::vector<std::size_t> sample_bytes,
                       std::size_t chunk_samples)
    : plan_(std::move(plan)),
      capacity_(capacity),
      sample_bytes_(std::move(sample_bytes)),
      chunk_samples_(chunk_samples),
      chunk_bytes_(chunk_samples *
                   std::accumulate(sample_bytes_.begin(), sample_bytes_.end(), std::size_t{0})) {}

std::optional<ChunkStore::Load> ChunkStore::take_load() {
  while (wanted_.empty() && groups_.size() < 2 * plan_.lanes())
    open_next_group();
  if (wanted_.empty() || (free_.empty() && buffers_ == capacity_)) return std::nullopt;
  const Wanted wanted = wanted_.front();
  wanted_.pop_front();
  Chunk& chunk = chunks_.at(wanted.chunk);
  chunk.rows = take_buffer();
  return Load{wanted.chunk, wanted.epoch, chunk.rows.get()};
}

void ChunkStore::loaded(std::uint64_t number, std::exception_ptr error) {
  Chunk& chunk = chunks_.at(number);
  chunk.is_loaded = true;
  chunk.error = std::move(error);
  for (Group* group : chunk.users)
    --group->missing;
}

const ChunkRows& ChunkStore::ReadyGroup::rows(std::uint64_t chunk) const {
  const auto entry = std::lower_bound(
      entries_.begin(), entries_.end(), chunk,
      [](const Entry& candidate, std::uint64_t number) { return candidate.chunk < number; });
  if (entry->error) std::rethrow_exception(entry->error);
  return *entry->rows;
}

const ChunkStore::ReadyGroup* ChunkStore::ready_group(std::size_t epoch, std::size_t lane,
                                                      std::size_t position) {
  const auto group = find(groups_, epoch, lane, position);
  if (group == groups_.end() || group->missing > 0) return nullptr;
  if (group->ready.entries_.empty()) fill_ready(*group);
  return &group->ready;
}

void ChunkStore::use(std::size_t epoch, std::size_t lane, std::size_t position, std::size_t count) {
  const auto group = find(groups_, epoch, lane, position);
  group->item.remaining -= count;
  if (group->item.remaining == 0) close(group);
}

void ChunkStore::open_next_group() {
  Group& group = groups_.emplace_back(Group{plan_.next(), 0});
  for (const std::uint64_t number : group.item.group.chunks) {
    Chunk& chunk = chunks_[number];
    if (chunk.users.empty()) wanted_.push_back({number, group.item.epoch});
    chunk.users.push_back(&group);
    if (!chunk.is_loaded) ++group.missing;
  }
}

void ChunkStore::fill_ready(Group& group) const {
  group.ready.end_ = group.item.group.first + group.item.group.count;
  for (const std::uint64_t number : group.item.group.chunks) {
    const Chunk& chunk = chunks_.at(number);
    group.ready.entries_.push_back({number, chunk.rows.get(), chunk.error});
  }
  std::sort(group.ready.entries_.begin(), group.ready.entries_.end(),
            [](const auto& a, const auto& b) { return a.chunk < b.chunk; });
}

void ChunkStore::close(Groups::iterator group) {
  for (const std::uint64_t number : group->item.group.chunks) {
    const auto entry = chunks_.find(number);
    std::erase(entry->second.users, &*group);
    if (!entry->second.users.empty()) continue;
    free_.push_back(std::move(entry->second.rows));
    chunks_.erase(entry);
  }
  groups_.erase(group);
}

std::unique_ptr<ChunkRows> ChunkStore::take_buffer() {
  if (!free_.empty()) {
    auto rows = std::move(free_.back());
    free_.pop_back();
    return rows;
  }
  ++buffers_;
  auto rows = std::make_unique<ChunkRows>();
  for (const std::size_t bytes : sample_bytes_)
    rows->fields.emplace_back(chunk_samples_ * bytes);
  return rows;
}

}  // namespace rondo::data
