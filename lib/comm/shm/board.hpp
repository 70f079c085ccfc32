// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "rondo/base/aligned_buffer.hpp"

#include "comm/signature.hpp"

/// What each rank of a node shows the others: written by its owner alone, read by all.
namespace rondo::comm {

/// A buffer in memory that all ranks of the node have attached, or a private one. For one round:
/// windows are numbered anew when one is added.
struct MemoryReference {
  static constexpr std::int64_t private_memory = -1;
  std::int64_t window = private_memory;
  std::uint64_t offset = 0;
};

inline bool is_in_window(const MemoryReference& reference) {
  return reference.window != MemoryReference::private_memory;
}

/// A number that only grows, alone on its cache line.
struct alignas(cache_line_bytes) Counter {
  std::atomic<std::uint64_t> value{0};
};

/// A rank's entry into one round: what it calls, and with which buffers. `round` is stored last.
struct Post {
  static constexpr std::size_t brief_bytes = 48;
  static constexpr std::size_t payload_bytes = std::size_t{16} << 10;

  /// On one line, so that the shortest calls move one line each way.
  struct alignas(cache_line_bytes) Head {
    std::atomic<std::uint64_t> round{0};
    std::uint64_t signature_hash = 0;
    std::array<std::byte, brief_bytes> brief{};
  };

  Head head;
  alignas(cache_line_bytes) Signature signature;
  alignas(cache_line_bytes) MemoryReference input;
  MemoryReference output;
  alignas(cache_line_bytes) std::array<std::byte, payload_bytes> payload{};
};
static_assert(sizeof(Post::Head) == cache_line_bytes);

/// Rounds alternate between two posts: whoever posts round r + 2 has seen all posts of round r + 1,
/// which are written by ranks that are through with round r.
struct Board {
  static constexpr std::size_t slots = 4;                            ///< chunks in flight
  static constexpr std::size_t slot_bytes = std::size_t{128} << 10;  ///< longest chunk

  static constexpr std::size_t least_chunk_bytes = std::size_t{4} << 10;
  /// A slot must hold a line for each rank of the node.
  static constexpr std::size_t most_ranks = slot_bytes / cache_line_bytes;

  std::array<Post, 2> posts;
  Counter finished;  ///< rounds in which this rank touches nobody's memory any more
  Counter staged;    ///< chunks that this rank has copied in
  Counter reduced;   ///< chunks of which this rank has reduced its slice
  Counter consumed;  ///< chunks that this rank is through with
  /// Set when the rank leaves or fails: nobody waits for it any longer.
  alignas(cache_line_bytes) std::atomic<std::uint32_t> gone{0};
  std::array<char, 512> reason{};  ///< written before `gone`
  alignas(cache_line_bytes) std::array<std::array<std::byte, slot_bytes>, slots> staging;
  alignas(cache_line_bytes) std::array<std::array<std::byte, slot_bytes>, slots> results;
};

}  // namespace rondo::comm
