// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/base/aligned_buffer.hpp"

namespace rondo::data {

/// In what form batches have their images.
enum class ImageForm : std::uint8_t {
  decoded,  ///< as a model computes on them: LaneBatch::images
  stored    ///< for who decodes them elsewhere, as ImageDecoder on a GPU: LaneBatch::stored
};

/// What makes a batch's image of a stored one: a part is taken, resized if `resize` is set,
/// mirrored left-right if `flip` is, then moved right and down, zeros shifted in; noise is added
/// last.
///
/// All of it is drawn already, by (seed, epoch, global sample).
struct ImageTransform {
  std::uint32_t top = 0, left = 0;      ///< of the part, in pixels
  std::uint32_t height = 0, width = 0;  ///< of the part; without `resize` the whole image
  std::int32_t right = 0, down = 0;     ///< pixels; no more than the batch's images have
  float noise = 0;                      ///< deviation of what is added to each normalised value
  bool flip = false;
  bool resize = false;  ///< bilinear, to the size of the batch's images; else they have the part's
  std::uint64_t noise_key = 0;

  friend bool operator==(const ImageTransform&, const ImageTransform&) = default;
};

/// Images as the data set stores them, and what is to be done to each.
struct StoredImages {
  AlignedBuffer<std::byte> samples;          ///< (micro_batch, C, H, W) of the field's type
  AlignedBuffer<ImageTransform> transforms;  ///< (micro_batch)
};

}  // namespace rondo::data
