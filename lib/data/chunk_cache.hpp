// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

namespace rondo::data {

/// Decoded chunks by number; the least recently used leave when `capacity_bytes` would be passed.
/// One chunk is always kept. Not thread-safe.
class ChunkCache {
 public:
  using Chunk = std::vector<std::uint8_t>;
  using Load = std::function<Chunk(std::size_t number)>;

  ChunkCache(std::size_t capacity_bytes, Load load);

  /// The chunk's bytes, loaded if absent; valid until the next call.
  std::span<const std::uint8_t> chunk(std::size_t number);

  std::size_t held_bytes() const noexcept { return held_bytes_; }

 private:
  struct Entry {
    std::size_t number;
    Chunk chunk;
  };

  std::size_t capacity_bytes_;
  Load load_;
  std::list<Entry> entries_;  ///< most recently used first
  std::unordered_map<std::size_t, std::list<Entry>::iterator> entry_of_;
  std::size_t held_bytes_ = 0;
};

}  // namespace rondo::data
