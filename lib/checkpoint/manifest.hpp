// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/checkpoint/inspect.hpp"

namespace rondo::checkpoint {

inline constexpr std::string_view manifest_name = "manifest.json";
inline constexpr std::string_view state_name = "state.h5";
inline constexpr std::string_view format_name = "rondo-checkpoint";
inline constexpr int format_version = 1;

/// Bytes and XXH3 of a file.
struct FileContent {
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;
  friend bool operator==(const FileContent&, const FileContent&) = default;
};

/// What manifest.json says of a checkpoint.
struct Manifest {
  std::uint64_t step = 0;
  Metadata metadata;
  FileContent state;
  std::vector<TensorEntry> tensors;
};

/// JSON that ends in a hash of itself. \throws UsageError  names or metadata are not UTF-8
std::string to_text(const Manifest& manifest);

/// `path` is for messages.
/// \throws IoError  bad_content: not such JSON, another format or version, or its hash differs
Manifest parse_manifest(std::string_view text, const std::string& path);

/// Reads and parses a checkpoint's manifest. \throws IoError  missing_input, or as parse_manifest
Manifest read_manifest(const std::filesystem::path& directory);

}  // namespace rondo::checkpoint
