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

/// Name and logical shape of an f32 tensor.
struct TensorSpec {
  /// Path within the file, e.g. "parameter/conv1.weight" or "slot/momentum/conv1.weight".
  std::string name;
  Shape shape;
};

/// A named f32 tensor of the caller's, in logical shape.
struct Tensor {
  /// As TensorSpec::name.
  std::string name;
  Shape shape;
  std::span<float> data;
};

/// Everything but the tensors: step counters, loss scale, seed, configuration; UTF-8 text by key.
using Metadata = std::map<std::string, std::string>;

struct Found {
  std::filesystem::path directory;
  std::uint64_t step = 0;
  Metadata metadata;
};

/// Which checkpoints stay when a new one is there.
struct Retention {
  std::size_t newest = 3;   ///< as many of the newest, at least 1
  std::uint64_t every = 0;  ///< besides those, all of steps that are multiples of this; 0: none
};

/// Writes `directory`/step-NNNNNNNN/ {state.h5, manifest.json}, points the link `latest` to it, and
/// removes the older ones that `retention` does not keep.
///
/// Local: one rank calls it (use comm::agree_on_success around it), one save at a time in a
/// directory. Published by temporary directory, fsync of files and directory, rename, fsync of the
/// parent: a crash at any time leaves the older ones valid and nothing half-written under a final
/// name. What was written is read back and compared first, so nothing older goes before the new one
/// is known to be good. A checkpoint of the same step is replaced. Removes what crashed saves left
/// behind. Checkpoints of later steps are neither counted nor removed, nor are symbolic links.
/// \throws IoError     cannot_create or io (disk full), naming the path and the reason
/// \throws UsageError  names twice or unusable, data that does not fit its shape, none to keep
void save(const std::filesystem::path& directory, std::uint64_t step,
          std::span<const Tensor> tensors, const Metadata& metadata,
          const Retention& retention = {});

/// The newest checkpoint below `directory` whose manifest, shapes and hashes are all valid. Invalid
/// ones, those of another format version and symbolic links among them, are skipped with a warning
/// that says why.
/// Nothing if there is no checkpoint or no directory.
/// \throws IoError  bad_content: there are checkpoints but none is valid (listing every reason);
///                  a run must not start afresh over them
std::optional<Found> find_newest(const std::filesystem::path& directory);

/// Reads the tensors of a found checkpoint into `tensors`, which must be exactly those in the file,
/// in any order. Verifies every hash again; needs memory for a second copy.
/// \throws IoError  bad_content, listing all differences (name, expected, found), or because the
///                  checkpoint was damaged meanwhile. Nothing is changed then
void load(const Found& found, std::span<const Tensor> tensors);

}  // namespace rondo::checkpoint
