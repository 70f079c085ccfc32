// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "rondo/checkpoint/checkpoint.hpp"
#include "rondo/checkpoint/reader.hpp"

/// Looking into checkpoints that somebody else has written; for tools. All of it is local.
namespace rondo::checkpoint {

/// The link in a directory of checkpoints to the one that was saved last.
inline constexpr const char* latest_name = "latest";

/// A directory with a checkpoint's final name; its content may be invalid.
struct Committed {
  std::uint64_t step = 0;
  std::filesystem::path directory;
};

/// Those below `directory`, newest first; none if it does not exist.
/// \throws IoError  missing_input: it cannot be read
std::vector<Committed> list_committed(const std::filesystem::path& directory);

/// Reads the manifest of the checkpoint `directory`, and nothing else. \throws IoError  as Reader
Contents describe(const std::filesystem::path& directory);

/// XXH3 of names and values of the tensors "parameter/...", as grad::Arena::values_hash() has it:
/// what a trainer prints at its end. \throws IoError  as Reader
std::uint64_t parameters_hash(const Reader& reader);

/// The older checkpoints of `directory` that `retention` does not keep, when the one of `step` was
/// just written: what save() removes, newest first.
std::vector<Committed> superseded(const std::filesystem::path& directory, std::uint64_t step,
                                  const Retention& retention);

/// Removes a checkpoint so that a crash leaves nothing half-removed under its name. A failure is a
/// warning, and false.
bool remove(const Committed& checkpoint);

}  // namespace rondo::checkpoint
