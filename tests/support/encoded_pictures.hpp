// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include <jpeglib.h>
#include <png.h>

#include "rondo/base/error.hpp"

#include "data/sources/picture.hpp"

/// PNG and JPEG files to decode.
namespace rondo::test {

/// A smooth picture, so that JPEG keeps it nearly.
inline apps::Picture gradient(std::size_t height, std::size_t width) {
  apps::Picture picture{height, width, 3, {}};
  for (std::size_t i = 0; i < height * width; ++i)
    for (const std::size_t value : {4 * (i / width), 4 * (i % width), std::size_t{77}})
      picture.pixels.push_back(static_cast<std::uint8_t>(value));
  return picture;
}

inline std::string png_bytes(const apps::Picture& picture) {
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = PNG_FORMAT_RGB;
  std::string bytes(65536, '\0');
  png_alloc_size_t count = bytes.size();
  require(png_image_write_to_memory(&image, bytes.data(), &count, 0, picture.pixels.data(), 0,
                                    nullptr) != 0,
          "png_bytes: libpng does not encode the picture");
  return bytes.substr(0, count);
}

enum class JpegKind { baseline, progressive };

inline std::string jpeg_bytes(const apps::Picture& picture, JpegKind kind = JpegKind::baseline) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long count = 0;  // NOLINT(google-runtime-int): libjpeg's type
  jpeg_mem_dest(&info, &memory, &count);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 98, TRUE);
  if (kind == JpegKind::progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  auto pixels = picture.pixels;
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = pixels.data() + info.next_scanline * picture.width * 3;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string bytes(reinterpret_cast<const char*>(memory), count);
  std::free(memory);
  return bytes;
}

}  // namespace rondo::test
