// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <csetjmp>
#include <cstdio>

#include <fmt/format.h>
#include <jpeglib.h>

#include "rondo/base/error.hpp"

#include "data/sources/picture.hpp"

namespace rondo::apps {
namespace {

/// libjpeg's state. Its errors leave by longjmp, over its own C frames only.
struct JpegReader {
  JpegReader() {
    info.client_data = this;
    info.err = jpeg_std_error(&errors);
    errors.error_exit = [](j_common_ptr common) { fail(common); };
    // Warnings too: libjpeg fills with grey what a damaged file lacks.
    errors.emit_message = [](j_common_ptr common, int level) {
      if (level < 0) fail(common);
    };
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&info); }

  [[noreturn]] static void fail(j_common_ptr common) {
    auto* reader = static_cast<JpegReader*>(common->client_data);
    common->err->format_message(common, reader->message.data());
    std::longjmp(reader->jump, 1);
  }

  jpeg_decompress_struct info = {};
  jpeg_error_mgr errors = {};
  std::jmp_buf jump = {};
  std::array<char, JMSG_LENGTH_MAX> message = {};
};

/// False on an error. Holds nothing that a longjmp would leak.
bool read_header(JpegReader& reader, std::span<const std::byte> bytes, std::size_t channels) {
  if (setjmp(reader.jump) != 0) return false;  // NOLINT(cert-err52-cpp)
  jpeg_create_decompress(&reader.info);
  jpeg_mem_src(&reader.info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&reader.info, TRUE);
  reader.info.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  // The same pixels on every machine.
  reader.info.dct_method = JDCT_ISLOW;
  return true;
}

bool read_pixels(JpegReader& reader, Picture& picture) {
  if (setjmp(reader.jump) != 0) return false;  // NOLINT(cert-err52-cpp)
  jpeg_start_decompress(&reader.info);
  while (reader.info.output_scanline < reader.info.output_height) {
    JSAMPROW row =
        picture.pixels.data() + reader.info.output_scanline * picture.width * picture.channels;
    jpeg_read_scanlines(&reader.info, &row, 1);
  }
  jpeg_finish_decompress(&reader.info);
  return true;
}

[[noreturn]] void throw_damaged(const JpegReader& reader, const std::string& name) {
  throw IoError(ExitCode::bad_content, fmt::format("{}: is a damaged or unusual JPEG image: {}",
                                                   name, reader.message.data()));
}

}  // namespace

Picture decode_jpeg(std::span<const std::byte> bytes, std::size_t channels,
                    const std::string& name) {
  JpegReader reader;
  if (!read_header(reader, bytes, channels)) throw_damaged(reader, name);
  require_picture_size(reader.info.image_height, reader.info.image_width, name);
  Picture picture{reader.info.image_height, reader.info.image_width, channels, {}};
  picture.pixels.resize(picture.height * picture.width * channels);
  if (!read_pixels(reader, picture)) throw_damaged(reader, name);
  return picture;
}

}  // namespace rondo::apps
