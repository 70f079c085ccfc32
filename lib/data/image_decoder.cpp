// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/data/image_decoder.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "data/byte_table.hpp"
#include "data/cuda/decode_images.hpp"
#include "data/schema.hpp"

namespace rondo::data {
namespace {

constexpr std::size_t longest_side = std::size_t{1} << 31;

bool is_side(std::size_t length) {
  return length > 0 && length <= longest_side;
}

void check(const ImageDecoding& decoding) {
  require(decoding.stored == DType::u8 || decoding.stored == DType::f32,
          "ImageDecoder: images are stored as u8 or f32");
  require(is_side(decoding.channels) && is_side(decoding.stored_height) &&
              is_side(decoding.stored_width) && is_side(decoding.height) && is_side(decoding.width),
          "ImageDecoder: channels, height and width must be above 0 and at most 2^31");
  require(decoding.height * decoding.width <= longest_side,
          "ImageDecoder: a channel must have at most 2^31 pixels");
  require(
      decoding.mean.size() == decoding.channels && decoding.deviation.size() == decoding.channels,
      "ImageDecoder: mean and deviation must be given for each channel");
}

/// What a kernel makes values of stored ones with, channel by channel.
std::vector<float> make_tables(const ImageDecoding& decoding) {
  std::vector<float> tables;
  for (std::size_t channel = 0; channel < decoding.channels; ++channel) {
    if (decoding.stored == DType::f32) {
      tables.insert(tables.end(), {decoding.mean[channel], decoding.deviation[channel]});
      continue;
    }
    const ByteTable table(double{decoding.mean[channel]}, double{decoding.deviation[channel]});
    tables.insert(tables.end(), table.values().begin(), table.values().end());
  }
  return tables;
}

bool is_within(std::uint32_t begin, std::uint32_t length, std::size_t all) {
  return length > 0 && length <= all && begin <= all - length;
}

bool is_shift(std::int32_t offset, std::size_t length) {
  return std::abs(std::int64_t{offset}) <= static_cast<std::int64_t>(length);
}

}  // namespace

ImageDecoding image_decoding(const DatasetInfo& info, std::optional<std::size_t> image_size) {
  return {.stored = find_field(info.fields, schema::image).dtype,
          .channels = info.channels,
          .stored_height = info.height,
          .stored_width = info.width,
          .height = image_size.value_or(info.height),
          .width = image_size.value_or(info.width),
          .mean = info.mean,
          .deviation = info.deviation};
}

void check(const ImageTransform& transform, const ImageDecoding& decoding) {
  if (!is_within(transform.top, transform.height, decoding.stored_height) ||
      !is_within(transform.left, transform.width, decoding.stored_width))
    throw UsageError(fmt::format("a part of {}x{} at ({}, {}) is not within images of {}x{}",
                                 transform.height, transform.width, transform.top, transform.left,
                                 decoding.stored_height, decoding.stored_width));
  const bool has_size = transform.height == decoding.height && transform.width == decoding.width;
  if (!transform.resize && !has_size)
    throw UsageError(fmt::format("a part of {}x{} that is not resized for images of {}x{}",
                                 transform.height, transform.width, decoding.height,
                                 decoding.width));
  if (!is_shift(transform.right, decoding.width) || !is_shift(transform.down, decoding.height))
    throw UsageError(fmt::format("images of {}x{} moved by ({}, {})", decoding.height,
                                 decoding.width, transform.down, transform.right));
}

ImageDecoder::ImageDecoder(const Device& device, ImageDecoding decoding)
    : decoding_(std::move(decoding)) {
  check(decoding_);
  const std::vector<float> tables = make_tables(decoding_);
  tables_ = {device, tables.size(), "the values of stored images"};
  DeviceStream stream(device, "setup");
  copy(stream, std::span<const float>(tables), tables_.span());
  stream.wait();
}

void ImageDecoder::check_lengths(std::size_t stored_bytes, std::size_t samples,
                                 std::size_t elements) const {
  if (stored_bytes == samples * decoding_.stored_bytes() &&
      elements == samples * decoding_.elements())
    return;
  throw UsageError(
      fmt::format("{} images to decode from {} bytes to {} values: {} bytes and {} values an image",
                  samples, stored_bytes, elements, decoding_.stored_bytes(), decoding_.elements()));
}

void ImageDecoder::queue(DeviceStream& stream, const std::byte* stored,
                         DeviceSpan<const ImageTransform> transforms, DType dtype, void* images,
                         ImageLayout layout) const {
  cuda::queue(stream, {.stored_type = decoding_.stored,
                       .stored = stored,
                       .channels = static_cast<std::uint32_t>(decoding_.channels),
                       .stored_height = static_cast<std::uint32_t>(decoding_.stored_height),
                       .stored_width = static_cast<std::uint32_t>(decoding_.stored_width),
                       .tables = tables_.span().data(),
                       .transforms = transforms.data(),
                       .samples = transforms.size(),
                       .height = static_cast<std::uint32_t>(decoding_.height),
                       .width = static_cast<std::uint32_t>(decoding_.width),
                       .type = dtype,
                       .images = images,
                       .layout = layout});
}

}  // namespace rondo::data
