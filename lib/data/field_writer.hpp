// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/data/dataset_writer.hpp"

#include "io/hdf5.hpp"

namespace rondo::data {

/// The samples of one field and split on their way into a file: collected until they fill a chunk,
/// so that each chunk is filtered and written once, whatever pieces they come in.
class FieldWriter {
 public:
  /// `path` is the HDF5 dataset to make, with `chunk_samples` samples a chunk (fewer, if all are
  /// fewer).
  FieldWriter(io::Hdf5File& file, std::string path, FieldSpec field, std::size_t chunk_samples,
              const StorageOptions& storage);

  const FieldSpec& field() const noexcept { return field_; }

  /// Whole samples. \throws IoError  io
  void append(std::span<const std::byte> samples);

  /// Writes what is left, and the field's attributes; call it once, after at least one sample.
  void finish();

 private:
  std::size_t rows_per_sample() const;
  void create(std::size_t chunk_samples);
  void flush();

  io::Hdf5File& file_;
  std::string path_;
  FieldSpec field_;
  std::size_t chunk_samples_;
  StorageOptions storage_;
  std::vector<std::byte> chunk_;  ///< the first pending_bytes_ wait to be written
  std::size_t pending_bytes_ = 0;
  std::optional<io::Hdf5Dataset> dataset_;  ///< made when its chunk size is known
};

/// Samples per chunk of each field: as asked for, or suitable for the field with the largest
/// samples. Fields of a few bytes a sample (labels) get a multiple of that, as a reader rather
/// holds them whole.
std::vector<std::size_t> chunk_sizes(const std::vector<FieldSpec>& fields,
                                     const StorageOptions& storage, std::size_t samples);

}  // namespace rondo::data
