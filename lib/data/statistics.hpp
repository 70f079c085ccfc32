// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/data/fields.hpp"

namespace rondo::data {

/// The planes of an image: (C, H, W), or (H, W) as one.
struct ImageShape {
  std::size_t channels = 0, height = 0, width = 0;
};
ImageShape image_shape(const FieldSpec& image);

/// Mean and deviation of each channel of u8 (as value / 255) or f32 images. Sums of u8 are exact,
/// so that they do not depend on how samples were appended.
class ImageStatistics {
 public:
  explicit ImageStatistics(const FieldSpec& image);

  /// Whole images, one behind the other.
  void add(std::span<const std::byte> images);
  /// Adds what `other`, of the same field, has seen.
  void merge(const ImageStatistics& other);

  std::vector<double> mean() const;
  /// 1 for a channel of one value, which then normalises to 0.
  std::vector<double> deviation() const;

 private:
  struct Sums {
    std::uint64_t whole = 0;  ///< of u8
    std::uint64_t whole_squares = 0;
    double real = 0;  ///< of f32
    double real_squares = 0;
  };
  void add_bytes(Sums& sums, std::span<const std::byte> plane) const;
  void add_floats(Sums& sums, std::span<const std::byte> plane) const;

  DType dtype_;
  std::size_t plane_elements_;
  std::uint64_t elements_ = 0;  ///< of each channel
  std::vector<Sums> channels_;
};

/// Class labels of a split as they pass by.
class LabelStatistics {
 public:
  /// `classes`: 0 if they are to be found out.
  explicit LabelStatistics(std::size_t classes) : classes_(classes), counts_(classes) {}

  /// Counts labels of any whole-number type.
  void add(DType dtype, std::span<const std::byte> labels);

  /// The first label that is no class, if there is one.
  struct Outlier {
    std::int64_t label = 0;
    std::uint64_t sample = 0;
    std::uint64_t count = 0;  ///< of such samples
  };
  const Outlier& outliers() const noexcept { return outlier_; }
  /// Samples of each class; as many as asked for, or the highest label + 1.
  const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }

 private:
  void add_one(std::int64_t label);

  std::size_t classes_;
  std::uint64_t samples_ = 0;
  Outlier outlier_;
  std::vector<std::uint64_t> counts_;
};

}  // namespace rondo::data
