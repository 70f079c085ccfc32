// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rondo::data {

/// Height and width in pixels, of an image or of a part of one.
struct Extent {
  std::size_t height = 0;
  std::size_t width = 0;
  friend bool operator==(const Extent&, const Extent&) = default;
};

/// A part of an image, in pixels.
struct Crop {
  std::size_t top = 0;
  std::size_t left = 0;
  Extent extent;
  friend bool operator==(const Crop&, const Crop&) = default;
};

/// Szegedy et al. 2015: a part whose area is 8 to 100 % of the image's and whose width is 3/4 to
/// 4/3 of its height, area and logarithm of the ratio drawn evenly, then its place; after ten parts
/// that do not fit, the largest one in the middle whose ratio does. A pure function of its
/// arguments.
Crop draw_crop(const Extent& image, std::uint64_t seed, std::size_t epoch, std::uint64_t sample);

/// The square in the middle whose side is 7/8 of the shorter side: what is left when the shorter
/// side is resized to 8/7 of the wanted size, and the middle of that size is cut out.
Crop middle_crop(const Extent& image);

/// Writes `crop` of each plane of an image to `out`, whose planes have `size`: bilinear between the
/// centres of pixels, without a filter before, what lies outside the crop's centres as its border.
void resize(const Crop& crop, const Extent& image, std::span<const float> in, const Extent& size,
            std::span<float> out);

}  // namespace rondo::data
