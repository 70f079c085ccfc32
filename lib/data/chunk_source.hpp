// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"

namespace rondo::data {

/// The samples of one chunk, decoded: for each field that was asked for, its rows as stored.
///
/// Only the field with the largest samples has HDF5 chunks that matter; "the chunk" of another
/// field are its rows of the same samples.
struct ChunkRows {
  std::vector<AlignedBuffer<std::byte>> fields;
  std::size_t samples = 0;
};

/// What a chunk took to read.
struct ReadBytes {
  std::uint64_t file = 0;
  std::uint64_t staged = 0;  ///< from local copies
};

/// Where the chunks of a split come from: the file, read directly or through HDF5, or a copy.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;

  /// Reads chunk `number` into `rows`, whose buffers hold a full chunk each. Thread-safe.
  /// \throws IoError  naming the samples
  virtual ReadBytes read(std::uint64_t number, ChunkRows& rows) = 0;

  /// Bytes of a decoded sample, for each field.
  virtual std::span<const std::size_t> sample_bytes() const noexcept = 0;
};

}  // namespace rondo::data
