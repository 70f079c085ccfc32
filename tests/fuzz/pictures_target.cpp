// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// PNG and JPEG images, decoded and resampled. The first bytes: channels, and the size to make.
#include "data/sources/picture.hpp"
#include "fuzz/source_input.hpp"
#include "fuzz/target.hpp"
#include "support/encoded_pictures.hpp"

namespace rondo::fuzz {
namespace {

/// What is larger would only take time.
constexpr std::size_t most_pixels = std::size_t{1} << 20;

}  // namespace

bool consume(std::string_view bytes) {
  Choices choices(bytes);
  const std::size_t channels = choices.below(2) == 0 ? 1 : 3;
  const apps::Fit fit = choices.below(2) == 0 ? apps::Fit::stretch : apps::Fit::crop;
  const std::size_t height = 1 + choices.below(20);
  const std::size_t width = 1 + choices.below(20);
  const std::string_view file = choices.file();
  try {
    const apps::Picture picture =
        apps::decode_picture(std::as_bytes(std::span(file)), channels, "input");
    require(picture.pixels.size() == picture.height * picture.width * channels,
            "a picture of another size than it says");
    if (picture.height * picture.width > most_pixels) return true;
    require(apps::resize(picture, height, width, fit).pixels.size() == height * width * channels,
            "a picture of another size than asked for");
    return true;
  } catch (const IoError& error) {
    if (error.code() != ExitCode::bad_content) throw;
    return false;
  }
}

std::vector<std::string> seeds() {
  const apps::Picture picture = test::gradient(9, 12);
  const std::string grey("\0\0\3\4", 4);
  const std::string cropped("\1\1\x13\2", 4);
  return {grey + test::png_bytes(picture), cropped + test::png_bytes(picture),
          grey + test::jpeg_bytes(picture),
          cropped + test::jpeg_bytes(picture, test::JpegKind::progressive)};
}

}  // namespace rondo::fuzz
