// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "rondo/data/fields.hpp"

#include "io/chunk_file.hpp"
#include "io/chunk_map.hpp"
#include "io/hdf5.hpp"

namespace rondo::data {

/// All chunks of one field as its file has them, for tools that read everything: directly, or
/// through HDF5 where the layout needs that. Rows are samples, or tokens of a stream; those behind
/// its last whole sample are included. read() may be called from any thread.
class FieldChunks {
 public:
  /// \throws IoError  bad_content: an index of chunks that cannot be true
  FieldChunks(FieldInfo info, io::Hdf5Dataset dataset);

  const FieldInfo& info() const noexcept { return info_; }
  const io::ChunkMap& map() const noexcept { return map_; }
  const io::Hdf5Storage& storage() const noexcept { return dataset_.storage(); }
  /// Why chunks are read through HDF5, as a clause; empty if they are not.
  const std::string& obstacle() const noexcept { return map_.obstacle(); }
  /// What reading a chunk takes from the file; an estimate where that is HDF5's affair.
  std::uint64_t stored_bytes(std::size_t chunk) const;

  /// Reads rows_in(chunk) rows. \throws IoError  as io::ChunkFile::read
  void read(std::size_t chunk, std::span<std::byte> rows, io::ChunkScratch& scratch) const;

 private:
  FieldInfo info_;
  io::Hdf5Dataset dataset_;
  io::ChunkMap map_;
  std::unique_ptr<io::ChunkFile> file_;
};

}  // namespace rondo::data
