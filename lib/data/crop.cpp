// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/crop.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "rondo/base/philox.hpp"

#include "data/kernels/image_elements.hpp"

namespace rondo::data {
namespace {

constexpr double smallest_area = 0.08;
constexpr double narrowest = 3.0 / 4;
constexpr double widest = 4.0 / 3;
constexpr int attempts = 10;

std::size_t rounded(double pixels) {
  return static_cast<std::size_t>(std::lround(pixels));
}

/// A number in [0, limit].
std::size_t draw_place(std::uint32_t bits, std::size_t limit) {
  return static_cast<std::size_t>(bits * (std::uint64_t{limit} + 1) >> 32);
}

Crop in_the_middle(const Extent& image, const Extent& extent) {
  return {(image.height - extent.height) / 2, (image.width - extent.width) / 2, extent};
}

std::optional<Crop> attempt(const Extent& image, const Philox::Block& bits) {
  const double share = smallest_area + (1 - smallest_area) * double{Philox::uniform(bits[0])};
  const double area = share * static_cast<double>(image.height * image.width);
  const double log_ratio =
      std::log(narrowest) + std::log(widest / narrowest) * double{Philox::uniform(bits[1])};
  const double ratio = std::exp(log_ratio);
  const Extent extent{rounded(std::sqrt(area / ratio)), rounded(std::sqrt(area * ratio))};
  if (extent.height == 0 || extent.height > image.height) return std::nullopt;
  if (extent.width == 0 || extent.width > image.width) return std::nullopt;
  return Crop{draw_place(bits[2], image.height - extent.height),
              draw_place(bits[3], image.width - extent.width), extent};
}

Crop largest_crop(const Extent& image) {
  const auto height = static_cast<double>(image.height);
  const auto width = static_cast<double>(image.width);
  return in_the_middle(image, {std::clamp<std::size_t>(rounded(width / narrowest), 1, image.height),
                               std::clamp<std::size_t>(rounded(height * widest), 1, image.width)});
}

/// `begin` and `length` of the crop, `count` values of the result.
std::vector<Tap> make_taps(std::size_t begin, std::size_t length, std::size_t count) {
  const double scale = axis_scale(length, count);
  std::vector<Tap> taps(count);
  for (std::size_t i = 0; i < count; ++i)
    taps[i] = tap_at(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(length), scale,
                     static_cast<std::uint32_t>(i));
  return taps;
}

}  // namespace

Crop draw_crop(const Extent& image, std::uint64_t seed, std::size_t epoch, std::uint64_t sample) {
  const auto own =
      Philox(seed, RandomPurpose::crop, static_cast<std::uint32_t>(epoch)).block(sample);
  const Philox random(std::uint64_t{own[0]} << 32 | own[1], RandomPurpose::crop);
  for (int i = 0; i < attempts; ++i)
    if (const auto crop = attempt(image, random.block(static_cast<std::uint64_t>(i)))) return *crop;
  return largest_crop(image);
}

Crop middle_crop(const Extent& image) {
  const auto shorter = static_cast<double>(std::min(image.height, image.width));
  const std::size_t side = std::max<std::size_t>(rounded(shorter * 7 / 8), 1);
  return in_the_middle(image, {side, side});
}

void resize(const Crop& crop, const Extent& image, std::span<const float> in, const Extent& size,
            std::span<float> out) {
  const std::vector<Tap> rows = make_taps(crop.top, crop.extent.height, size.height);
  const std::vector<Tap> columns = make_taps(crop.left, crop.extent.width, size.width);
  const std::size_t plane_elements = image.height * image.width;
  auto target = out.begin();
  for (std::size_t plane = 0; plane < in.size(); plane += plane_elements) {
    for (const Tap& row : rows) {
      const auto upper = in.subspan(plane + row.low * image.width, image.width);
      const auto lower = in.subspan(plane + row.high * image.width, image.width);
      for (const Tap& column : columns)
        *target++ =
            between(between(upper[column.low], upper[column.high], column.weight),
                    between(lower[column.low], lower[column.high], column.weight), row.weight);
    }
  }
}

}  // namespace rondo::data
