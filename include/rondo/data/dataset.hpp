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

/// What one split of a data set is, as its file says and the reader has checked.
struct DatasetInfo {
  std::string split;  ///< "train" or "test"
  std::size_t samples = 0;
  std::size_t channels = 0, height = 0, width = 0;
  std::size_t classes = 0;
  std::size_t chunk_samples = 0;            ///< samples per HDF5 chunk
  std::vector<std::string> class_names;     ///< empty, or one per class
  std::vector<float> mean, deviation;       ///< per channel, of value / 255
  std::vector<std::uint64_t> label_counts;  ///< samples of each class
  std::uint64_t label_hash = 0;             ///< content hash of all labels: tells data sets apart
  std::string source;                       ///< where the samples came from; may be empty
  bool checksum = false;                    ///< the file carries a checksum of each chunk
  std::uint64_t bytes = 0;                  ///< images as stored

  std::size_t sample_elements() const noexcept { return channels * height * width; }
};

/// One split (image u8 (N, C, H, W), label u8 (N)) of an HDF5 file, read only.
///
/// Local: each rank opens the file for itself, without locks. Chunks are read once and kept, up to
/// `cache_bytes`, the least recently used leaving first. Thread-safe: one call at a time, HDF5's
/// lock taken inside.
class Dataset {
 public:
  struct Options {
    std::size_t cache_bytes = std::size_t{1} << 30;
  };

  /// Checks everything but the images' own bytes, all labels included.
  /// \throws IoError  missing_input: no such file; bad_content: file, field, expected and found of
  ///                  all that differs at once
  Dataset(const std::filesystem::path& file, const std::string& split);
  Dataset(const std::filesystem::path& file, const std::string& split, Options options);
  Dataset(Dataset&&) noexcept;
  Dataset& operator=(Dataset&&) noexcept;
  ~Dataset();

  const DatasetInfo& info() const noexcept;

  /// Copies the samples into `images` (n, C, H, W), normalised to (value/255 - mean) / deviation,
  /// and `labels` (n), each below info().classes.
  /// \throws IoError     I/O error or checksum mismatch, naming the samples that cannot be read
  /// \throws UsageError  a sample beyond the split, or buffers of other sizes
  void read(std::span<const std::uint64_t> samples, std::span<float> images,
            std::span<std::int32_t> labels);

  /// Says that these chunks are not needed for now: where room is short, they leave first.
  void release(std::span<const std::uint64_t> chunks);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// \throws IoError  bad_content: the splits of `file` have images of other shapes
void require_same_shape(const DatasetInfo& train, const DatasetInfo& test,
                        const std::filesystem::path& file);

}  // namespace rondo::data
