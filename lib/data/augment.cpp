// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/augment.hpp"

#include <algorithm>
#include <array>

#include "rondo/base/philox.hpp"

#include "data/kernels/noise.hpp"

namespace rondo::data {
namespace {

/// A number in [-limit, limit].
std::ptrdiff_t draw_offset(std::uint32_t bits, std::size_t limit) {
  const std::uint64_t choices = 2 * limit + 1;
  return static_cast<std::ptrdiff_t>(bits * choices >> 32) - static_cast<std::ptrdiff_t>(limit);
}

/// Indices [begin, end) of an axis whose source `index - offset` lies inside of it.
struct Range {
  std::ptrdiff_t begin;
  std::ptrdiff_t end;
};

Range covered(std::ptrdiff_t length, std::ptrdiff_t offset) {
  return {std::clamp<std::ptrdiff_t>(offset, 0, length),
          std::clamp<std::ptrdiff_t>(length + offset, 0, length)};
}

}  // namespace

Change draw_change(const Augmentation& augmentation, std::uint64_t seed, std::size_t epoch,
                   std::uint64_t sample) {
  const auto bits =
      Philox(seed, RandomPurpose::augment, static_cast<std::uint32_t>(epoch)).block(sample);
  return {augmentation.flip && (bits[0] >> 31) != 0, draw_offset(bits[1], augmentation.shift),
          draw_offset(bits[2], augmentation.shift)};
}

void apply_change(const Change& change, std::size_t height, std::size_t width,
                  std::span<float> image, std::vector<float>& scratch) {
  if (!change.flip && change.right == 0 && change.down == 0) return;
  const auto row_length = static_cast<std::ptrdiff_t>(width);
  const Range rows = covered(static_cast<std::ptrdiff_t>(height), change.down);
  const Range columns = covered(row_length, change.right);
  const std::size_t plane_elements = height * width;
  scratch.resize(plane_elements);

  for (std::size_t plane = 0; plane < image.size(); plane += plane_elements) {
    const auto target = image.subspan(plane, plane_elements);
    std::copy(target.begin(), target.end(), scratch.begin());
    std::fill(target.begin(), target.end(), 0.0F);
    for (std::ptrdiff_t row = rows.begin; row < rows.end; ++row) {
      const auto source = scratch.begin() + (row - change.down) * row_length;
      const auto out = target.begin() + row * row_length + columns.begin;
      if (change.flip)
        std::reverse_copy(source + row_length - (columns.end - change.right),
                          source + row_length - (columns.begin - change.right), out);
      else
        std::copy(source + columns.begin - change.right, source + columns.end - change.right, out);
    }
  }
}

std::uint64_t draw_noise_key(std::uint64_t seed, std::size_t epoch, std::uint64_t sample) {
  const auto own =
      Philox(seed, RandomPurpose::noise, static_cast<std::uint32_t>(epoch)).block(sample);
  return std::uint64_t{own[0]} << 32 | own[1];
}

void add_noise(float deviation, std::uint64_t key, std::span<float> image) {
  if (deviation == 0) return;
  const Philox random = noise_numbers(key);
  for (std::size_t first = 0; first < image.size(); first += noise_per_block) {
    const auto bits = random.block(first / noise_per_block);
    const NormalPair a = normal_pair(bits[0], bits[1]);
    const NormalPair b = normal_pair(bits[2], bits[3]);
    const std::array<float, noise_per_block> normal{a.first, a.second, b.first, b.second};
    const std::size_t count = std::min<std::size_t>(noise_per_block, image.size() - first);
    for (std::size_t i = 0; i < count; ++i)
      image[first + i] = with_noise(image[first + i], deviation, normal[i]);
  }
}

}  // namespace rondo::data
