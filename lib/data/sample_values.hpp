// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/data/dataset.hpp"

#include "data/byte_table.hpp"

namespace rondo::data {

/// Turns stored images into what a model computes on: (value - mean) / deviation of each channel,
/// with value / 255 in place of a u8 value. Immutable.
class ImageNormalizer {
 public:
  explicit ImageNormalizer(const DatasetInfo& info);

  /// One image, stored as u8 or f32.
  void normalize(DType dtype, std::span<const std::byte> stored, std::span<float> out) const;

 private:
  std::size_t plane_;  ///< elements of a channel
  std::vector<float> mean_, deviation_;
  std::vector<ByteTable> tables_;  ///< of the channels
};

/// A label as stored, which was in range when its file was opened.
std::int32_t label_value(DType dtype, std::span<const std::byte> stored);

}  // namespace rondo::data
