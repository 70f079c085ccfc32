// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "rondo/data/batch_loader.hpp"
#include "rondo/data/fields.hpp"
#include "rondo/data/lane_sampler.hpp"

namespace rondo::data {

/// How the chunks of a field lie in its file.
struct FieldStorage {
  FieldInfo field;
  bool is_chunked = false;  ///< else HDF5 has it in one piece, which readers cut
  bool shuffle = false;
  int deflate_level = 0;
  std::string obstacle;                    ///< why chunks are read through HDF5; empty: directly
  std::vector<std::uint64_t> chunk_bytes;  ///< of each chunk, as stored

  std::uint64_t value_bytes() const { return field.samples * field.sample_bytes(); }
};

/// The fields of a split in the order of DatasetInfo::fields. Reads no samples.
/// \throws IoError  as Dataset
std::vector<FieldStorage> field_storage(const std::filesystem::path& file, const std::string& split,
                                        const FieldMap& map = {});

/// Stored bytes / bytes of the values, if a field were shuffled and deflated at `level`: measured
/// on at most eight of its chunks.
double compressed_share(const std::filesystem::path& file, const FieldInfo& field, int level);

/// What a rank with the lanes [first_lane, last_lane) reads for an epoch, each of its chunks once;
/// `chunk_bytes` is the size of every chunk. Exact for lanes of at least a chunk.
EpochReads planned_reads(const LaneSampler& sampler, std::size_t first_lane, std::size_t last_lane,
                         std::size_t epoch, std::span<const std::uint64_t> chunk_bytes);

}  // namespace rondo::data
