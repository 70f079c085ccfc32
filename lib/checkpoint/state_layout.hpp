// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "checkpoint/block.hpp"
#include "checkpoint/file_bytes.hpp"
#include "checkpoint/manifest.hpp"

/// The state file as HDF5 sees it. Everybody else knows extents alone.
namespace rondo::checkpoint {

/// Where tensors are in a state file; it depends on their names and shapes alone.
struct StateLayout {
  std::uint64_t bytes = 0;
  std::vector<Extent> extents;  ///< of each tensor
};

/// Writes a state file that lacks the elements: contiguous f32 datasets, with room on the disk.
/// \throws IoError  cannot_create or io
StateLayout create_state(const std::filesystem::path& path, std::span<const TensorSpec> tensors);

/// XXH3 of all bytes of the file that are in none of the extents, which must lie apart.
/// \throws IoError  as FileBytes::read
std::uint64_t structure_hash(const FileBytes& file, const StateLayout& layout);

/// Makes sure that HDF5 finds the manifest's tensors where the manifest says, and nothing else.
/// \throws IoError  missing_input or bad_content
void require_hdf5_agrees(const std::filesystem::path& path, const Manifest& manifest);

}  // namespace rondo::checkpoint
