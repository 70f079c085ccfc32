// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "rondo/base/dtype.hpp"

namespace rondo::bench {

/// A data set of generated pictures: gradients with noise, which deflate halves or so.
struct PictureOptions {
  std::size_t samples = 0;
  std::size_t channels = 3, height = 224, width = 224;
  DType dtype = DType::u8;  ///< or f32: the same values, between 0 and 1
  std::size_t chunk_samples = 64;
  int deflate_level = 0;  ///< above 0: with shuffle

  std::size_t sample_elements() const noexcept { return channels * height * width; }
  std::size_t sample_bytes() const { return sample_elements() * size_of(dtype); }
};

inline constexpr std::size_t picture_classes = 10;

/// The label of a picture.
inline std::int32_t picture_label(std::uint64_t sample) {
  return static_cast<std::int32_t>(sample * 7 % picture_classes);
}

/// Fills `picture` with the bytes of u8 sample `sample`, a pure function of that.
void draw_picture(std::uint64_t sample, std::span<std::uint8_t> picture);

/// What tells whether samples are those that were written, each once, in whatever order: the sum of
/// one such number for each.
std::uint64_t picture_hash(std::uint64_t sample, std::span<const std::byte> stored);

/// Writes the split "train", with checksums and labels, and returns the sum of all samples' hashes.
/// \throws IoError  cannot_create or io; also where the file system has too little room
std::uint64_t write_pictures(const std::filesystem::path& file, const PictureOptions& options);

}  // namespace rondo::bench
