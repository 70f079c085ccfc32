// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rondo::apps {

/// An image, u8 (height, width, channels).
struct Picture {
  std::size_t height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels;
};

/// Decodes PNG (any depth and colour type, transparent parts on black) or JPEG (baseline and
/// progressive, no CMYK) into `channels` 1 (grey) or 3 (RGB).
/// \throws IoError  bad_content, naming `name`: another format, damaged, or above 32 megapixels
Picture decode_picture(std::span<const std::byte> bytes, std::size_t channels,
                       const std::string& name);

/// Each with the format's own library; decode_picture() chooses.
Picture decode_png(std::span<const std::byte> bytes, std::size_t channels, const std::string& name);
Picture decode_jpeg(std::span<const std::byte> bytes, std::size_t channels,
                    const std::string& name);

/// \throws IoError  bad_content: no pixels, or too many to be a training image
void require_picture_size(std::size_t height, std::size_t width, const std::string& name);

/// How a picture of another shape fills the size asked for.
enum class Fit {
  stretch,  ///< height and width for themselves
  crop      ///< the middle of it, as large as it fits
};

/// Resamples with a triangle filter as wide as two source or target pixels, whichever are larger
/// (Pillow's BILINEAR), vertically and horizontally; rounds to nearest.
Picture resize(const Picture& picture, std::size_t height, std::size_t width, Fit fit);

}  // namespace rondo::apps
