// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/btree_guard.hpp"

#include <array>
#include <cstring>
#include <optional>

namespace rondo::io {
namespace {

constexpr char signature[] = {'T', 'R', 'E', 'E'};
/// Signature, type, level, entries in use, and two siblings, with addresses of 8 bytes.
constexpr std::size_t header_bytes = 24;
constexpr std::size_t short_header_bytes = 6;
constexpr std::size_t address_bytes = 8;
constexpr std::byte group_node{0};
constexpr std::byte chunk_node{1};
/// Half the entries of a node of chunks, unless a file's creator asked for another number.
constexpr std::size_t usual_chunk_rank = 32;
/// Five levels of 64 entries reach 10^9 chunks.
constexpr unsigned highest_level = 8;

bool is_node(std::span<const std::byte> bytes) {
  return bytes.size() >= short_header_bytes &&
         std::memcmp(bytes.data(), signature, sizeof(signature)) == 0;
}

/// Bytes of a key, which separates two children. A group's is an offset; a chunk's is its size, its
/// filters and its place, whose rank follows from the size of the node.
std::optional<std::size_t> key_bytes(std::span<const std::byte> node) {
  if (node[4] == group_node) return address_bytes;
  const std::size_t children = 2 * usual_chunk_rank * address_bytes;
  const std::size_t keys = 2 * usual_chunk_rank + 1;
  if (node[4] != chunk_node || node.size() < header_bytes + children) return std::nullopt;
  const std::size_t rest = node.size() - header_bytes - children;
  if (rest % keys != 0) return std::nullopt;
  return rest / keys;
}

}  // namespace

bool BtreeGuard::allows(std::uint64_t offset, std::span<const std::byte> bytes, std::uint64_t base,
                        const Read& read) {
  if (!is_node(bytes) || bytes.size() < header_bytes) return true;
  const auto level = std::to_integer<unsigned>(bytes[5]);
  if (level > highest_level) return false;
  if (level == 0) return true;
  const auto key = key_bytes(bytes);
  if (!key) return false;
  const std::size_t children = little_endian(bytes.subspan(6, 2));
  std::size_t position = header_bytes + *key;
  for (std::size_t i = 0; i < children; ++i, position += address_bytes + *key) {
    if (position + address_bytes > bytes.size()) return false;
    const std::uint64_t child = base + little_endian(bytes.subspan(position, address_bytes));
    if (!adopts(offset, child, bytes[4], level - 1, read)) return false;
  }
  return true;
}

bool BtreeGuard::adopts(std::uint64_t parent, std::uint64_t child, std::byte type, unsigned level,
                        const Read& read) {
  const auto [entry, is_new] = parents_.emplace(child, parent);
  if (!is_new) return entry->second == parent;
  std::array<std::byte, short_header_bytes> header{};
  return read(child, header) && is_node(header) && header[4] == type &&
         std::to_integer<unsigned>(header[5]) == level;
}

}  // namespace rondo::io
