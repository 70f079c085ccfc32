// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/pictures.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/data/dataset_writer.hpp"

namespace rondo::bench {
namespace {

/// One picture's bytes as they are stored, drawn into `out`.
void store_picture(std::uint64_t sample, DType dtype, std::span<std::byte> out,
                   std::vector<std::uint8_t>& scratch) {
  scratch.resize(out.size() / size_of(dtype));
  draw_picture(sample, scratch);
  if (dtype == DType::u8) {
    std::memcpy(out.data(), scratch.data(), out.size());
    return;
  }
  for (std::size_t i = 0; i < scratch.size(); ++i) {
    const float value = static_cast<float>(scratch[i]) / 255.0F;
    std::memcpy(out.data() + i * sizeof value, &value, sizeof value);
  }
}

void require_room(const std::filesystem::path& file, const PictureOptions& options) {
  const std::uintmax_t wanted = options.samples * options.sample_bytes();
  const std::uintmax_t room =
      std::filesystem::space(std::filesystem::absolute(file).parent_path()).available;
  if (wanted + wanted / 16 > room)
    throw IoError(ExitCode::cannot_create,
                  fmt::format("{}: needs {} bytes, and the file system has {} left: choose another "
                              "--directory, or fewer --bytes",
                              file.string(), wanted, room));
}

data::DatasetDescription describe(const PictureOptions& options) {
  return {.fields = {{.name = "image",
                      .dtype = options.dtype,
                      .sample_shape = {options.channels, options.height, options.width}},
                     {.name = "label"}},
          .splits = {{"train", options.samples}},
          .classes = picture_classes,
          .source = "rondo-bench data",
          .storage = {.chunk_samples = options.chunk_samples,
                      .shuffle = options.deflate_level > 0,
                      .deflate_level = options.deflate_level}};
}

}  // namespace

void draw_picture(std::uint64_t sample, std::span<std::uint8_t> picture) {
  constexpr std::uint64_t each_byte = 0x0101010101010101;
  std::uint64_t state = sample * 2654435761U + 88172645463325252U;
  for (std::size_t i = 0; i < picture.size(); i += 8) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    // 32 levels that change slowly, three bits of noise each.
    const std::uint64_t level = (sample + i / 512) % 28;
    const std::uint64_t eight = (state & 7 * each_byte) + 8 * level * each_byte;
    std::memcpy(picture.data() + i, &eight, std::min<std::size_t>(8, picture.size() - i));
  }
}

std::uint64_t picture_hash(std::uint64_t sample, std::span<const std::byte> stored) {
  return content_hash(stored, sample);
}

std::uint64_t write_pictures(const std::filesystem::path& file, const PictureOptions& options) {
  require_room(file, options);
  data::DatasetWriter writer(file, describe(options));
  std::vector<std::byte> picture(options.sample_bytes());
  std::vector<std::uint8_t> scratch;
  std::uint64_t hash = 0;
  for (std::uint64_t sample = 0; sample < options.samples; ++sample) {
    store_picture(sample, options.dtype, picture, scratch);
    hash += picture_hash(sample, picture);
    const auto label = static_cast<std::byte>(picture_label(sample));
    const std::array<std::span<const std::byte>, 2> fields{picture, std::span(&label, 1)};
    writer.append("train", 1, fields);
  }
  writer.finish();
  return hash;
}

}  // namespace rondo::bench
