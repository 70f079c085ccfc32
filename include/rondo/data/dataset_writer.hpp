// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace rondo::data {

/// What a data set is before its samples are known.
struct DatasetDescription {
  std::size_t train_samples = 0, test_samples = 0;
  std::size_t channels = 0, height = 0, width = 0;
  std::size_t classes = 0;
  std::size_t chunk_samples = 256;
  std::vector<std::string> class_names = {};  ///< empty, or one per class
  std::string source = {};                    ///< where the samples came from
};

/// Writes the file that Dataset reads: both splits, and mean and deviation of the training split.
///
/// Local. Nothing appears under the final name before finish() has returned; what was there stays
/// as it was if the writer is destroyed before.
class DatasetWriter {
 public:
  /// \throws UsageError  an empty split or shape, or class names that do not fit the classes
  /// \throws IoError     cannot_create or io
  DatasetWriter(const std::filesystem::path& file, const DatasetDescription& description);
  ~DatasetWriter();
  DatasetWriter(const DatasetWriter&) = delete;
  DatasetWriter& operator=(const DatasetWriter&) = delete;

  /// Appends `labels.size()` samples, images u8 (n, C, H, W), to split "train" or "test".
  /// Appending multiples of chunk_samples writes each chunk once.
  /// \throws UsageError  more samples than described, or a label not below the classes
  void append(const std::string& split, std::span<const std::uint8_t> images,
              std::span<const std::uint8_t> labels);

  /// Publishes the file. \throws UsageError  samples are missing; IoError  io
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rondo::data
