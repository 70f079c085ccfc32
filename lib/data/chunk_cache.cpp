// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/chunk_cache.hpp"

#include <utility>

namespace rondo::data {

ChunkCache::ChunkCache(std::size_t capacity_bytes, Load load)
    : capacity_bytes_(capacity_bytes), load_(std::move(load)) {}

std::span<const std::uint8_t> ChunkCache::chunk(std::size_t number) {
  if (const auto found = entry_of_.find(number); found != entry_of_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front().chunk;
  }
  Chunk chunk = load_(number);
  while (!entries_.empty() && held_bytes_ + chunk.size() > capacity_bytes_) {
    held_bytes_ -= entries_.back().chunk.size();
    entry_of_.erase(entries_.back().number);
    entries_.pop_back();
  }
  held_bytes_ += chunk.size();
  entries_.push_front({number, std::move(chunk)});
  entry_of_[number] = entries_.begin();
  return entries_.front().chunk;
}

}  // namespace rondo::data
