// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rondo/data/fields.hpp"

#include "data/chunk_cache.hpp"
#include "io/hdf5.hpp"

namespace rondo::data {

/// Single samples of one field, out of chunks that are read whole and kept. Not thread-safe.
class FieldReader {
 public:
  FieldReader(FieldInfo info, io::Hdf5Dataset dataset, std::size_t cache_bytes);
  FieldReader(const FieldReader&) = delete;
  FieldReader& operator=(const FieldReader&) = delete;

  const FieldInfo& info() const noexcept { return info_; }
  const io::Hdf5Dataset& dataset() const noexcept { return dataset_; }

  /// The stored bytes of a sample below info().samples; valid until the next call.
  std::span<const std::uint8_t> sample(std::uint64_t sample);

 private:
  ChunkCache::Chunk load_chunk(std::size_t number) const;

  FieldInfo info_;
  io::Hdf5Dataset dataset_;
  ChunkCache cache_;
};

}  // namespace rondo::data
