// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "rondo/checkpoint/reader.hpp"

namespace rondo::apps {

/// Whether an argument names one checkpoint, be it valid or not, rather than a directory of them.
bool is_checkpoint(const std::filesystem::path& argument);

/// Where the checkpoints are that a person means by `argument`: a run directory, or itself.
/// \throws IoError  missing_input: no such directory
std::filesystem::path checkpoints_meant(const std::filesystem::path& argument);

/// The checkpoint that a person means: itself, what the link `latest` leads to, or the newest valid
/// one of a run directory or a directory of checkpoints.
/// \throws IoError  missing_input: there is none; bad_content: there are, but none is valid
std::filesystem::path checkpoint_meant(const std::filesystem::path& argument);

/// Opens it, its structure verified; its elements are as they are read. \throws IoError  also if it
/// is not valid
checkpoint::Reader open_meant(const std::filesystem::path& argument);

}  // namespace rondo::apps
