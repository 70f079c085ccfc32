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
                       std::size_t chunk_samples, Opening opening)
    : plan_(std::move(plan)),
      capacity_(capacity),
      sample_bytes_(std::move(sample_bytes)),
      chunk_samples_(chunk_samples),
      chunk_bytes_(chunk_samples *
                   std::accumulate(sample_bytes_.begin(), sample_bytes_.end(), std::size_t{0})),
      opening_(opening) {}

std::vector<std::uint64_t> ChunkStore::open_step(std::size_t epoch, std::size_t step) {
  while (plan_.lanes() > 0 && plan_.is_due(epoch, step))
    open_next_group();
  std::vector<std::uint64_t> chunks;
  for (const Wanted& wanted : wanted_)
    chunks.push_back(wanted.chunk);
  return chunks;
}

bool ChunkStore::open_groups() {
  bool has_opened = false;
  while (opening_ == Opening::ahead && wanted_.empty() && groups_.size() < 2 * plan_.lanes()) {
    open_next_group();
    has_opened = true;
  }
  return has_opened;
}

std::optional<ChunkStore::Load> ChunkStore::take_load() {
  if (wanted_.empty()) return std::nullopt;
  auto buffer = take_buffer();
  if (!buffer) return std::nullopt;
  const Wanted wanted = wanted_.front();
  wanted_.pop_front();
  Chunk& chunk = chunks_.at(wanted.chunk);
  chunk.rows = std::move(buffer);
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
  const std::size_t waiting = wanted_.size();
  Group& group = groups_.emplace_back(Group{plan_.next(), 0});
  for (const std::uint64_t number : group.item.group.chunks)
    add_user(group, number, waiting);
}

void ChunkStore::add_user(Group& group, std::uint64_t number, std::size_t waiting) {
  const LoadPlan::Item& item = group.item;
  const auto [entry, is_new] = chunks_.try_emplace(number);
  Chunk& chunk = entry->second;
  if (!is_new && chunk.users.empty()) {
    const bool stays = has_room_besides(number, waiting);
    unused_.erase(std::find(unused_.begin(), unused_.end(), number));
    if (!stays) {
      blank_.push_back(std::move(chunk.rows));
      chunk = {};
    }
  }
  if (chunk.users.empty() && !chunk.is_loaded) wanted_.push_back({number, item.epoch});
  if (!chunk.is_loaded) ++group.missing;
  chunk.users.push_back(&group);
  chunk.epoch = item.epoch;
  chunk.may_be_shared =
      item.is_at_end && (number == item.group.chunks.front() || number == item.group.chunks.back());
}

bool ChunkStore::has_room_besides(std::uint64_t number, std::size_t waiting) const {
  if (waiting == 0) return true;
  const auto others = std::count_if(unused_.begin(), unused_.end(), [&](std::uint64_t other) {
    return other != number && !is_awaited(other);
  });
  return blank_.size() + (capacity_ - buffers_) + static_cast<std::size_t>(others) >= waiting;
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
    Chunk& chunk = entry->second;
    std::erase(chunk.users, &*group);
    if (!chunk.users.empty()) continue;
    if (!chunk.error) {
      unused_.push_back(number);
      continue;
    }
    blank_.push_back(std::move(chunk.rows));
    chunks_.erase(entry);
  }
  groups_.erase(group);
}

std::unique_ptr<ChunkRows> ChunkStore::take_buffer() {
  if (!blank_.empty()) {
    auto rows = std::move(blank_.back());
    blank_.pop_back();
    return rows;
  }
  if (buffers_ < capacity_) return make_buffer();
  const auto oldest = std::find_if(unused_.begin(), unused_.end(),
                                   [this](std::uint64_t number) { return !is_awaited(number); });
  if (oldest == unused_.end()) return nullptr;
  const auto chunk = chunks_.find(*oldest);
  auto rows = std::move(chunk->second.rows);
  chunks_.erase(chunk);
  unused_.erase(oldest);
  return rows;
}

std::unique_ptr<ChunkRows> ChunkStore::make_buffer() {
  ++buffers_;
  auto rows = std::make_unique<ChunkRows>();
  for (const std::size_t bytes : sample_bytes_)
    rows->fields.emplace_back(chunk_samples_ * bytes);
  return rows;
}

bool ChunkStore::is_awaited(std::uint64_t number) const {
  const Chunk& chunk = chunks_.at(number);
  return chunk.may_be_shared && plan_.will_share(chunk.epoch, number);
}

}  // namespace rondo::data
