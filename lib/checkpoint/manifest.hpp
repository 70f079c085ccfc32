// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/checkpoint/reader.hpp"

#include "checkpoint/block.hpp"

namespace rondo::checkpoint {

inline constexpr std::string_view manifest_name = "manifest.json";
inline constexpr std::string_view state_name = "state.h5";
inline constexpr std::string_view format_name = "rondo-checkpoint";
inline constexpr int format_version = 2;

/// Of the state file.
struct StateFile {
  std::uint64_t bytes = 0;
  /// XXH3 of all bytes that are in no tensor, in order; in version 1 of all bytes.
  std::uint64_t hash = 0;
  std::uint64_t block_bytes = 0;  ///< none in version 1
  friend bool operator==(const StateFile&, const StateFile&) = default;
};

/// Where a tensor's elements are and what they hash to; nothing in version 1.
struct StoredTensor {
  Extent extent;
  std::vector<std::uint64_t> block_hashes;
};

/// What manifest.json says of a checkpoint.
struct Manifest {
  int version = format_version;
  std::uint64_t step = 0;
  Metadata metadata = {};
  StateFile state = {};
  std::vector<TensorEntry> tensors = {};
  std::vector<StoredTensor> stored = {};  ///< of each of `tensors`
};

/// Adds a tensor of the current version, whose hash follows from its blocks'.
void add_tensor(Manifest& manifest, const std::string& name, const Shape& shape,
                StoredTensor stored);

/// JSON of the current version that ends in a hash of itself.
/// \throws UsageError  names or metadata are not UTF-8
std::string to_text(const Manifest& manifest);

/// `path` is for messages. Of a manifest that is returned, extents lie in the file and apart, and
/// each has as many bytes as the shape's elements and as many hashes as blocks, whoever wrote it.
/// \throws IoError  bad_content: not such JSON, another format, a newer version, its hash differs,
///                  or it contradicts itself
Manifest parse_manifest(std::string_view text, const std::string& path);

/// Reads and parses a checkpoint's manifest. \throws IoError  missing_input, or as parse_manifest
Manifest read_manifest(const std::filesystem::path& directory);

}  // namespace rondo::checkpoint
