// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/field_chunks.hpp"

#include <utility>

#include "data/schema_fields.hpp"

namespace rondo::data {

FieldChunks::FieldChunks(FieldInfo info, io::Hdf5Dataset dataset)
    : info_(std::move(info)),
      dataset_(std::move(dataset)),
      map_(io::ChunkMap::of(dataset_, info_.chunk_samples * schema::rows_per_sample(info_))) {
  if (map_.is_direct()) file_ = std::make_unique<io::ChunkFile>(map_);
}

std::uint64_t FieldChunks::stored_bytes(std::size_t chunk) const {
  if (map_.is_direct()) return map_.place(chunk).stored_bytes;
  const std::uint64_t rows = map_.row_count();
  return rows == 0 ? 0 : info_.stored_bytes * map_.rows_in(chunk) / rows;
}

void FieldChunks::read(std::size_t chunk, std::span<std::byte> rows,
                       io::ChunkScratch& scratch) const {
  if (file_) return file_->read(map_, chunk, rows, scratch);
  dataset_.read_row_bytes(map_.first_row(chunk), map_.rows_in(chunk), rows);
}

}  // namespace rondo::data
