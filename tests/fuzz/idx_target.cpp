// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Images and labels as IDX files, plain or gzipped. The first two bytes: the length of the images'
// file, behind which the labels' one begins.
#include <algorithm>
#include <fstream>

#include <zlib.h>

#include "data/sources/idx_source.hpp"
#include "fuzz/input_file.hpp"
#include "fuzz/source_input.hpp"
#include "fuzz/target.hpp"

namespace rondo::fuzz {
namespace {

constexpr std::size_t classes = 10;

std::string pair_of(const std::string& images, const std::string& labels) {
  const std::string length{static_cast<char>(images.size() / 256),
                           static_cast<char>(images.size() % 256)};
  return length + images + labels;
}

std::string gzipped(const std::string& bytes) {
  constexpr int gzip_window_bits = 15 + 16;
  constexpr int usual_memory = 8;
  z_stream stream = {};
  std::string packed(bytes.size() + 100, '\0');
  require(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window_bits, usual_memory,
                       Z_DEFAULT_STRATEGY) == Z_OK,
          "gzipped: zlib does not start");
  std::string input = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "gzipped: zlib does not finish");
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

bool consume(std::string_view bytes) {
  Choices choices(bytes);
  const std::size_t high = choices.below(256);
  const std::size_t wanted = 256 * high + choices.below(256);
  const std::string_view files = choices.file();
  const std::size_t length = std::min(wanted, files.size());
  const InputFile images(files.substr(0, length));
  const InputFile labels(files.substr(length));
  return reads_all(
      [&] { return std::make_unique<apps::IdxSource>(images.path(), labels.path(), classes); });
}

std::vector<std::string> seeds() {
  const std::string images = std::string("\0\0\x8\3\0\0\0\5\0\0\0\2\0\0\0\3", 16) +
                             std::string("abcdefghijklmnopqrstuvwxyz1234");
  const std::string labels = std::string("\0\0\x8\1\0\0\0\5\0\1\2\3\x9", 13);
  return {pair_of(images, labels), pair_of(gzipped(images), labels),
          pair_of(images, gzipped(labels))};
}

}  // namespace rondo::fuzz
