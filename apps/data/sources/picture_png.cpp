// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <png.h>

#include "rondo/base/error.hpp"

#include "data/sources/picture.hpp"

namespace rondo::apps {
namespace {

/// libpng's simplified reader; frees what it holds.
struct PngReader {
  PngReader() { image.version = PNG_IMAGE_VERSION; }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_image_free(&image); }

  png_image image = {};
};

void require_sound(const png_image& image, const std::string& name) {
  if (PNG_IMAGE_FAILED(image))
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: is a damaged PNG image: {}", name, image.message));
}

}  // namespace

Picture decode_png(std::span<const std::byte> bytes, std::size_t channels,
                   const std::string& name) {
  PngReader reader;
  png_image_begin_read_from_memory(&reader.image, bytes.data(), bytes.size());
  require_sound(reader.image, name);
  require_picture_size(reader.image.height, reader.image.width, name);
  reader.image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  Picture picture{reader.image.height, reader.image.width, channels, {}};
  picture.pixels.resize(PNG_IMAGE_SIZE(reader.image));
  const png_color black{0, 0, 0};
  png_image_finish_read(&reader.image, &black, picture.pixels.data(), 0, nullptr);
  require_sound(reader.image, name);
  return picture;
}

}  // namespace rondo::apps
