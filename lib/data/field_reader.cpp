// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/field_reader.hpp"

#include <algorithm>
#include <utility>

namespace rondo::data {

FieldReader::FieldReader(FieldInfo info, io::Hdf5Dataset dataset, std::size_t cache_bytes)
    : info_(std::move(info)),
      dataset_(std::move(dataset)),
      cache_(cache_bytes, [this](std::size_t number) { return load_chunk(number); }) {}

std::span<const std::uint8_t> FieldReader::sample(std::uint64_t sample) {
  const auto chunk = cache_.chunk(sample / info_.chunk_samples);
  const std::size_t sample_bytes = info_.sample_bytes();
  return chunk.subspan(sample % info_.chunk_samples * sample_bytes, sample_bytes);
}

ChunkCache::Chunk FieldReader::load_chunk(std::size_t number) const {
  const std::size_t first = number * info_.chunk_samples;
  const std::size_t count = std::min(info_.chunk_samples, info_.samples - first);
  const std::size_t rows = info_.is_stream ? info_.sample_elements() : 1;
  ChunkCache::Chunk chunk(count * info_.sample_bytes());
  dataset_.read_row_bytes(first * rows, count * rows, std::as_writable_bytes(std::span(chunk)));
  return chunk;
}

}  // namespace rondo::data
