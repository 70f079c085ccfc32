// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/data/fields.hpp"

namespace rondo::data {

/// What one split of a data set is, as its file says and the reader has checked.
struct DatasetInfo {
  std::string split;  ///< "train", "test", or as the file names it
  std::size_t samples = 0;
  std::vector<FieldInfo> fields;  ///< image, label, then the others by name

  std::size_t channels = 0, height = 0, width = 0;  ///< of the field image; 0 without
  std::size_t classes = 0;                          ///< of the field label; 0 without
  std::size_t chunk_samples = 0;                    ///< of the field with the largest samples
  std::vector<std::string> class_names;             ///< empty, or one per class
  /// Of the images, per channel: of value / 255 where they are u8, of the values where f32.
  std::vector<float> mean, deviation;
  std::vector<std::uint64_t> label_counts;  ///< samples of each class
  std::uint64_t label_hash = 0;             ///< content hash of all labels: tells data sets apart
  std::string source;                       ///< where the samples came from; may be empty
  bool checksum = false;                    ///< the file carries a checksum of each chunk
  std::uint64_t bytes = 0;                  ///< the field with the largest samples, as stored
  /// What the file does not say and was found out from its samples, a sentence each.
  std::vector<std::string> notes;

  std::size_t sample_elements() const noexcept { return channels * height * width; }
};

/// Attributes that a caller knows better than the file; what is empty comes from the file or, if it
/// lacks them, from its samples.
struct GivenAttributes {
  std::size_t classes = 0;
  std::vector<float> mean = {}, deviation = {};
};

/// The attributes of a training split, to read another split of the same data in the same way.
GivenAttributes attributes_of(const DatasetInfo& train);

/// One split of an HDF5 file (lib/data/README.md), or of a foreign one by a FieldMap; read only.
///
/// Local: each rank opens the file for itself, without locks. Chunks are read once and kept, up to
/// `cache_bytes` a field, the least recently used leaving first. Thread-safe: one call at a time,
/// HDF5's lock taken inside.
class Dataset {
 public:
  struct Options {
    std::size_t cache_bytes = std::size_t{1} << 30;
    /// What the split must have; `read` needs both of these. All else that it has is read too.
    std::vector<std::string> required = {"image", "label"};
    FieldMap field_map = {};  ///< not empty: the file need not be one of Rondo's
    GivenAttributes given = {};
  };

  /// Checks everything but the samples' own bytes, all labels included.
  /// \throws IoError  missing_input: no such file; bad_content: file, field, expected and found of
  ///                  all that differs at once
  Dataset(const std::filesystem::path& file, const std::string& split);
  Dataset(const std::filesystem::path& file, const std::string& split, Options options);
  Dataset(Dataset&&) noexcept;
  Dataset& operator=(Dataset&&) noexcept;
  ~Dataset();

  const DatasetInfo& info() const noexcept;
  const std::vector<FieldInfo>& fields() const noexcept { return info().fields; }

  /// Copies the samples into `images` (n, C, H, W), normalised to (value - mean) / deviation with
  /// value / 255 in place of a u8 value, and `labels` (n), each below info().classes.
  /// \throws IoError     I/O error or checksum mismatch, naming the samples that cannot be read
  /// \throws UsageError  a sample beyond the split, or buffers of other sizes
  void read(std::span<const std::uint64_t> samples, std::span<float> images,
            std::span<std::int32_t> labels);

  /// Copies the samples of any field (n, sample_shape...), as they are stored.
  /// \throws as read, and UsageError for another element type
  template <Element T>
  void read_field(std::string_view field, std::span<const std::uint64_t> samples,
                  std::span<T> elements) {
    require(find_field(fields(), field).dtype == dtype_of<T>,
            "Dataset::read_field: the field has another element type");
    read_field_bytes(field, samples, std::as_writable_bytes(elements));
  }
  void read_field_bytes(std::string_view field, std::span<const std::uint64_t> samples,
                        std::span<std::byte> bytes);

 private:
  friend class BatchLoader;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The splits in a file, "train" first; of a foreign one, those that the map's paths lead to.
/// \throws IoError  as Dataset
std::vector<std::string> split_names(const std::filesystem::path& file, const FieldMap& map = {});

/// \throws IoError  bad_content: the splits of `file` have fields of other shapes or types
void require_same_shape(const DatasetInfo& train, const DatasetInfo& test,
                        const std::filesystem::path& file);

/// \throws IoError  bad_content: a split of `file` has fewer samples than `lanes`
void require_enough_samples(const DatasetInfo& info, std::size_t lanes,
                            const std::filesystem::path& file);

}  // namespace rondo::data
