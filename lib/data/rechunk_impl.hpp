// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <list>
#include <vector>

#include "rondo/data/rechunk.hpp"

#include "data/field_chunks.hpp"
#include "data/schema.hpp"
#include "io/chunk_map.hpp"
#include "io/hdf5.hpp"

namespace rondo::data {

/// What is done to the chunks of a field, in the order in which HDF5 applies it.
std::vector<io::Filter> filters_of(const RechunkedField& field);

struct RechunkInput::Impl {
  Impl(const std::filesystem::path& path, const RechunkOptions& given);

  std::filesystem::path path;
  RechunkOptions options;
  io::Hdf5File file;
  std::vector<RechunkedField> fields;
  std::list<FieldChunks> chunks;  ///< of the input, one for each field
  std::vector<const FieldChunks*> chunks_of;
  std::vector<Piece> pieces;

 private:
  void add_split(schema::Split split);
  void cut_pieces(std::size_t field);
};

}  // namespace rondo::data
