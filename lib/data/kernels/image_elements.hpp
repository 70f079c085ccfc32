// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.hpp"

/// What happens to a value of an image, on the CPU as on a GPU.
namespace rondo::data {

/// Of a value that was not stored as u8; of those there are tables (ByteTable).
RONDO_HOST_DEVICE float normalized(float value, float mean, float deviation) {
  return (value - mean) / deviation;
}

/// Where a value of a resized image comes from along one axis.
struct Tap {
  std::uint32_t low;
  std::uint32_t high;
  float weight;  ///< of `high`
};

/// Values of the part for each of the `count` values of the result.
RONDO_HOST_DEVICE double axis_scale(std::size_t length, std::size_t count) {
  return static_cast<double>(length) / static_cast<double>(count);
}

/// Of value `i` of the result: centre on centre, and the border beyond the outer ones. `begin` and
/// `length` are the part's.
RONDO_HOST_DEVICE Tap tap_at(std::uint32_t begin, std::uint32_t length, double scale,
                             std::uint32_t i) {
  const double centre = (static_cast<double>(i) + 0.5) * scale - 0.5;
  const auto last = static_cast<double>(length - 1);
  const double not_before = centre < 0.0 ? 0.0 : centre;
  const double at = last < not_before ? last : not_before;
  const auto low = static_cast<std::uint32_t>(at);
  const std::uint32_t high = low + 1 < length ? low + 1 : length - 1;
  return {begin + low, begin + high, static_cast<float>(at - static_cast<double>(low))};
}

RONDO_HOST_DEVICE float between(float low, float high, float weight) {
  return low + weight * (high - low);
}

}  // namespace rondo::data
