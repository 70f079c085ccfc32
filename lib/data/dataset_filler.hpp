// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "data/batch_filler.hpp"
#include "data/crop.hpp"
#include "data/sample_values.hpp"

namespace rondo::data {

/// Batches of a data set: images normalised, resized and changed, or stored with what is to be done
/// to them; labels as i32, other fields as stored.
class DatasetFiller final : public BatchFiller {
 public:
  /// `fields` are those of the chunks, in their order.
  DatasetFiller(const DatasetInfo& info, std::vector<FieldInfo> fields, std::size_t micro_batch,
                const BatchLoader::Options& options);

  LaneBatch make() const override;
  void fill(LaneBatch& batch, std::size_t place, std::uint64_t sample, const ChunkRows& rows,
            std::size_t row, std::vector<float>& scratch) const override;

 private:
  void fill_image(LaneBatch& batch, std::size_t place, std::uint64_t sample, DType dtype,
                  std::span<const std::byte> stored, std::vector<float>& scratch) const;
  /// What is taken of an image, where it is resized.
  Crop crop_of(std::size_t epoch, std::uint64_t sample) const;
  ImageTransform transform_of(std::size_t epoch, std::uint64_t sample) const;

  std::vector<FieldInfo> fields_;
  std::size_t micro_batch_;
  Extent stored_, size_;  ///< of images, in the data set and in batches
  bool resizes_;
  std::size_t stored_elements_, image_elements_;
  ImageForm form_;
  ImageNormalizer normalizer_;
  Augmentation augmentation_;
  std::uint64_t seed_;
};

}  // namespace rondo::data
