// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/manifest_guard.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

namespace rondo::checkpoint {
namespace {

constexpr std::uint64_t most_state_bytes = std::uint64_t{1} << 60;
constexpr std::uint64_t most_block_bytes = std::uint64_t{1} << 28;
constexpr std::size_t most_dimensions = 32;  // HDF5's
/// Of what is in no tensor: far more than HDF5 needs for groups and datasets of such names.
constexpr std::uint64_t most_structure_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t most_structure_bytes_a_letter = 4096;

[[noreturn]] void refuse(const std::string& path, const std::string& problem) {
  throw IoError(ExitCode::bad_content, fmt::format("{}: {}", path, problem));
}

/// Of elements of `shape`, if there are no more than `most`.
std::optional<std::uint64_t> bytes_of(const Shape& shape, std::uint64_t most) {
  if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) return 0;
  std::uint64_t bytes = sizeof(float);
  for (const std::size_t length : shape) {
    if (length > most / bytes) return std::nullopt;
    bytes *= length;
  }
  return bytes;
}

void require_sound(const StateFile& state, const std::string& path) {
  if (state.bytes > most_state_bytes)
    refuse(path, fmt::format("the state file cannot have {} bytes", state.bytes));
  if (state.block_bytes == 0 || state.block_bytes % sizeof(float) != 0 ||
      state.block_bytes > most_block_bytes)
    refuse(path, fmt::format("blocks cannot have {} bytes", state.block_bytes));
}

void require_sound(const TensorEntry& tensor, const StoredTensor& stored, const StateFile& state,
                   const std::string& path) {
  const Extent& extent = stored.extent;
  if (tensor.shape.size() > most_dimensions ||
      bytes_of(tensor.shape, state.bytes) != std::optional(extent.bytes) ||
      extent.offset > state.bytes || extent.bytes > state.bytes - extent.offset)
    refuse(path,
           fmt::format("{}: a tensor of shape ({}) at byte {} is not within {} bytes", tensor.name,
                       fmt::join(tensor.shape, ", "), extent.offset, state.bytes));
  const std::uint64_t blocks = block_count(extent.bytes, state.block_bytes);
  if (stored.block_hashes.size() != blocks)
    refuse(path, fmt::format("{}: expected hashes of {} blocks, found {}", tensor.name, blocks,
                             stored.block_hashes.size()));
  if (hash_over(stored.block_hashes) != tensor.hash)
    refuse(path, fmt::format("{}: its hash is not that of its blocks' hashes", tensor.name));
}

void require_apart(const Manifest& manifest, const std::string& path) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < manifest.stored.size(); ++i)
    if (manifest.stored[i].extent.bytes > 0) order.push_back(i);
  const auto offset = [&](std::size_t i) { return manifest.stored[i].extent.offset; };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return offset(a) < offset(b); });
  for (std::size_t i = 1; i < order.size(); ++i)
    if (manifest.stored[order[i - 1]].extent.end() > offset(order[i]))
      refuse(path, fmt::format("{} and {} overlap", manifest.tensors[order[i - 1]].name,
                               manifest.tensors[order[i]].name));
}

/// All of it is read whenever a checkpoint is; a file may have a hole of any length.
void require_little_structure(const Manifest& manifest, const std::string& path) {
  std::uint64_t structure = manifest.state.bytes;
  std::uint64_t most = most_structure_bytes;
  for (std::size_t i = 0; i < manifest.tensors.size(); ++i) {
    structure -= manifest.stored[i].extent.bytes;
    most += most_structure_bytes_a_letter * (manifest.tensors[i].name.size() + 1);
  }
  if (structure > most)
    refuse(path, fmt::format("{} bytes of the state file are in no tensor, expected at most {}",
                             structure, most));
}

}  // namespace

void require_sound(const Manifest& manifest, const std::string& path) {
  std::set<std::string_view> names;
  for (const TensorEntry& tensor : manifest.tensors)
    if (!names.insert(tensor.name).second)
      refuse(path, fmt::format("two tensors have the name '{}'", tensor.name));
  if (manifest.version == 1) return;
  require_sound(manifest.state, path);
  for (std::size_t i = 0; i < manifest.tensors.size(); ++i)
    require_sound(manifest.tensors[i], manifest.stored[i], manifest.state, path);
  require_apart(manifest, path);
  require_little_structure(manifest, path);
}

}  // namespace rondo::checkpoint
