// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/sources/picture.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

namespace rondo::apps {
namespace {

constexpr std::size_t max_pixels = std::size_t{1} << 25;

bool begins_with(std::span<const std::byte> bytes, std::initializer_list<int> magic) {
  return bytes.size() >= magic.size() &&
         std::equal(magic.begin(), magic.end(), bytes.begin(),
                    [](int expected, std::byte found) { return std::byte(expected) == found; });
}

/// Part of an axis, in source pixels.
struct Window {
  double begin;
  double length;
};

/// The weights of the source pixels that make one target pixel; they add up to 1.
struct Taps {
  std::size_t first;
  std::vector<double> weights;
};

std::vector<Taps> make_taps(std::size_t source, std::size_t target, Window window) {
  const double scale = window.length / static_cast<double>(target);
  const double radius = std::max(1.0, scale);
  std::vector<Taps> taps(target);
  for (std::size_t i = 0; i < target; ++i) {
    const double center = window.begin + (static_cast<double>(i) + 0.5) * scale;
    const double first =
        std::clamp(std::floor(center - radius), 0.0, static_cast<double>(source - 1));
    const double last =
        std::clamp(std::ceil(center + radius), first + 1, static_cast<double>(source));
    taps[i].first = static_cast<std::size_t>(first);
    double sum = 0;
    for (double pixel = first; pixel < last; ++pixel) {
      const double weight = std::max(0.0, 1.0 - std::abs(pixel + 0.5 - center) / radius);
      taps[i].weights.push_back(weight);
      sum += weight;
    }
    for (double& weight : taps[i].weights)
      weight /= sum;
  }
  return taps;
}

/// Resamples `count` lines of `length` pixels that are `stride` values apart, `step` apart within.
struct Axis {
  std::size_t lines, stride, step;
};

template <class T>
std::vector<float> resample(const std::vector<T>& in, const std::vector<Taps>& taps, Axis from,
                            Axis to) {
  std::vector<float> out(from.lines * taps.size());
  for (std::size_t line = 0; line < from.lines; ++line)
    for (std::size_t i = 0; i < taps.size(); ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < taps[i].weights.size(); ++k)
        sum += taps[i].weights[k] *
               static_cast<double>(in[line * from.stride + (taps[i].first + k) * from.step]);
      out[line * to.stride + i * to.step] = static_cast<float>(sum);
    }
  return out;
}

}  // namespace

void require_picture_size(std::size_t height, std::size_t width, const std::string& name) {
  if (height == 0 || width == 0 || width > max_pixels / height)
    throw IoError(ExitCode::bad_content,
                  fmt::format("{}: expected an image of 1 to {} pixels, found {}x{}", name,
                              max_pixels, height, width));
}

Picture decode_picture(std::span<const std::byte> bytes, std::size_t channels,
                       const std::string& name) {
  if (begins_with(bytes, {0x89, 'P', 'N', 'G'})) return decode_png(bytes, channels, name);
  if (begins_with(bytes, {0xFF, 0xD8})) return decode_jpeg(bytes, channels, name);
  throw IoError(
      ExitCode::bad_content,
      fmt::format("{}: expected a PNG or JPEG image, found a file that begins with "
                  "{:02x}",
                  name, fmt::join(bytes.first(std::min<std::size_t>(bytes.size(), 8)), " ")));
}

Picture resize(const Picture& picture, std::size_t height, std::size_t width, Fit fit) {
  if (picture.height == height && picture.width == width) return picture;
  Window rows{0, static_cast<double>(picture.height)};
  Window columns{0, static_cast<double>(picture.width)};
  if (fit == Fit::crop) {
    const double scale = std::min(rows.length / static_cast<double>(height),
                                  columns.length / static_cast<double>(width));
    rows = {(rows.length - scale * static_cast<double>(height)) / 2,
            scale * static_cast<double>(height)};
    columns = {(columns.length - scale * static_cast<double>(width)) / 2,
               scale * static_cast<double>(width)};
  }
  const std::size_t channels = picture.channels;
  // Rows first: (H, W, C) to (height, W, C), of which each (W, C) place is a line.
  const std::size_t line = picture.width * channels;
  const std::vector<float> tall = resample(picture.pixels, make_taps(picture.height, height, rows),
                                           {line, 1, line}, {line, 1, line});
  Picture result{height, width, channels, {}};
  const auto taps = make_taps(picture.width, width, columns);
  for (std::size_t row = 0; row < height; ++row) {
    const std::vector<float> one(tall.begin() + static_cast<std::ptrdiff_t>(row * line),
                                 tall.begin() + static_cast<std::ptrdiff_t>((row + 1) * line));
    for (const float value : resample(one, taps, {channels, 1, channels}, {channels, 1, channels}))
      result.pixels.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(value), 0L, 255L)));
  }
  return result;
}

}  // namespace rondo::apps
