// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/parameter.hpp"

namespace rondo::checkpoint {

/// A named f32 tensor of the caller's, in logical shape.
struct Tensor {
  std::string name;  ///< path within the file, e.g. "parameter/conv1.weight", "slot/momentum/conv1.weight"
  Shape shape;
  std::span<float> data;
};

/// Everything but the tensors: step counters, loss scale, seed, configuration; text by key.
using Metadata = std::map<std::string, std::string>;

struct Found {
  std::filesystem::path directory;
  std::uint64_t step = 0;
  Metadata metadata;
};

/// Writes `directory`/step-NNNNNNNN/ {state.h5, manifest.json} and prunes to the newest `keep`.
///
/// Local: one rank calls it (use comm::agree_on_success around it). Published by temporary directory,
/// fsync of files and directory, rename, fsync of the parent: a crash at any time leaves the older ones
/// valid and nothing half-written under a final name. Every tensor's content hash is in the manifest.
/// \throws IoError  cannot_create or io, naming the path and the reason
void save(const std::filesystem::path& directory, std::uint64_t step,
          std::span<const Tensor> tensors, const Metadata& metadata, std::size_t keep = 2);

/// The newest checkpoint below `directory` whose manifest and hashes are valid, or none.
/// Invalid ones are skipped with a warning that says why.
std::optional<Found> find_newest(const std::filesystem::path& directory);

/// Reads the tensors of a found checkpoint into `tensors`, which must be exactly those in the file.
/// \throws IoError  bad_content, listing all differences (name, expected, found); nothing is changed then
void load(const Found& found, std::span<const Tensor> tensors);

}  // namespace rondo::checkpoint
