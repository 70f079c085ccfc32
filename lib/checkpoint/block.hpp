// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::checkpoint {

/// Tensors are hashed in blocks, from their first byte on; the last one may be shorter. So damage
/// is found in what was read of a tensor, without the rest.
inline constexpr std::uint64_t block_bytes = std::uint64_t{1} << 20;

/// Bytes [offset, offset + bytes) of a file.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t end() const { return offset + bytes; }
  friend bool operator==(const Extent&, const Extent&) = default;
};

constexpr std::uint64_t block_count(std::uint64_t bytes, std::uint64_t block = block_bytes) {
  return bytes / block + (bytes % block == 0 ? 0 : 1);
}

/// 16 hexadecimal digits a hash.
std::string text_of(std::span<const std::uint64_t> hashes);
/// Nothing: it is no such text.
std::optional<std::vector<std::uint64_t>> hashes_in(std::string_view hex);

/// XXH3 of their text: the hash of a tensor of such blocks.
std::uint64_t hash_over(std::span<const std::uint64_t> hashes);

}  // namespace rondo::checkpoint
