// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/file_identity.hpp"
#include "io/hdf5.hpp"

namespace rondo::io {

/// What was done to a chunk before it was stored.
struct Filter {
  enum class Kind : std::uint8_t {
    shuffle,   ///< the first bytes of all elements, then the second ones...
    deflate,   ///< a zlib stream
    checksum,  ///< followed by HDF5's Fletcher32
  };
  Kind kind = Kind::checksum;
  std::size_t element_bytes = 0;  ///< of shuffle
};

/// A chunk as the file holds it.
struct ChunkPlace {
  std::uint64_t offset = 0;
  std::uint64_t stored_bytes = 0;
  std::uint32_t skipped_filters = 0;  ///< bit i: filter i was not applied to this chunk
};

/// Where each chunk of a dataset lies, so that it can be read without HDF5 (see ChunkFile).
///
/// A chunk is a run of whole rows of the first dimension. A dataset without chunks is cut into
/// such runs. Immutable and independent of the dataset: any number of threads may use it.
class ChunkMap {
 public:
  /// Reads the file's index once: about 0.2 s for 100,000 chunks.
  ///
  /// Every chunk is within the file, none is missing, each has a size that its filters allow.
  /// \p contiguous_rows  rows of a chunk where the file has none; 0: as many as make 1 MiB
  /// \throws IoError  bad_content: an index that cannot be true
  static ChunkMap of(const Hdf5Dataset& dataset, std::size_t contiguous_rows = 0);

  const std::string& path() const noexcept { return path_; }
  const std::string& name() const noexcept { return name_; }
  const FileIdentity& file() const noexcept { return file_; }

  std::size_t row_count() const noexcept { return row_count_; }
  std::size_t row_bytes() const noexcept { return row_bytes_; }
  std::size_t rows_per_chunk() const noexcept { return rows_per_chunk_; }
  std::size_t chunk_count() const noexcept;
  std::size_t first_row(std::size_t chunk) const noexcept { return chunk * rows_per_chunk_; }
  /// rows_per_chunk(), less in the last chunk if they do not divide the rows.
  std::size_t rows_in(std::size_t chunk) const noexcept;

  /// Why the chunks cannot be read directly, as a clause for messages; empty if they can.
  const std::string& obstacle() const noexcept { return obstacle_; }
  bool is_direct() const noexcept { return obstacle_.empty(); }

  /// The rest is for maps that are direct.
  /// In the order in which they were applied.
  std::span<const Filter> filters() const noexcept { return filters_; }
  const ChunkPlace& place(std::size_t chunk) const { return places_[chunk]; }
  /// Bytes of a chunk without its filters. HDF5 stores all chunks of a dataset in full size: more
  /// than rows_in() * row_bytes() in a short last one.
  std::size_t decoded_bytes(std::size_t chunk) const noexcept;
  std::uint64_t stored_bytes() const noexcept;

 private:
  ChunkMap() = default;
  struct Builder;

  std::string path_;
  std::string name_;
  std::string obstacle_;
  FileIdentity file_;
  std::size_t row_count_ = 0;
  std::size_t row_bytes_ = 0;
  std::size_t rows_per_chunk_ = 1;
  bool is_padded_ = false;  ///< the last chunk is stored in full size
  std::vector<Filter> filters_;
  std::vector<ChunkPlace> places_;
};

}  // namespace rondo::io
