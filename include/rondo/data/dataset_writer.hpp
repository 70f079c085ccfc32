// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/data/fields.hpp"

namespace rondo::data {

struct SplitDescription {
  std::string name;                         ///< "train", "test"
  std::optional<std::size_t> samples = {};  ///< if it is known beforehand
};

/// How samples are laid out in the file.
struct StorageOptions {
  std::size_t chunk_samples = 0;  ///< 0: suitable_chunk_samples of the field with the largest
  bool shuffle = false;           ///< groups bytes of equal significance, for deflate's sake
  int deflate_level = 0;          ///< 1 (fast) to 9 (small); 0: not compressed
};

/// What a data set is before its samples are known.
struct DatasetDescription {
  std::vector<FieldSpec> fields;
  std::vector<SplitDescription> splits;
  std::size_t classes = 0;                    ///< of the field label; 0: the highest label + 1
  std::vector<std::string> class_names = {};  ///< empty, or one per class
  std::string source = {};                    ///< where the samples came from
  StorageOptions storage = {};
};

/// Writes the file that Dataset reads: all fields of all splits, each chunk once and with a
/// checksum, and mean and deviation of the training images.
///
/// Local. Holds one chunk of each field in memory, however many samples there are. Nothing appears
/// under the final name before finish() has returned; what was there stays as it was if the writer
/// is destroyed before.
class DatasetWriter {
 public:
  /// \throws UsageError  no fields or splits, a name twice or unusable, an empty sample, or class
  ///                     names that do not fit the classes
  /// \throws IoError     cannot_create or io
  DatasetWriter(const std::filesystem::path& file, const DatasetDescription& description);
  ~DatasetWriter();
  DatasetWriter(const DatasetWriter&) = delete;
  DatasetWriter& operator=(const DatasetWriter&) = delete;

  /// Appends `count` samples; `fields` are their elements, in the order of the description.
  /// \throws UsageError  another number of elements, more samples than described
  /// \throws IoError     bad_content: a label that is negative or not below the classes; io
  void append(const std::string& split, std::size_t count,
              std::span<const std::span<const std::byte>> fields);

  /// Publishes the file.
  /// \throws UsageError  fewer samples than described
  /// \throws IoError     bad_content: a split without samples, images that are not finite; io
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo::data
