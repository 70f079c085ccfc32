// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "rondo/base/philox.hpp"

#include "base/host_device.hpp"

/// Normal numbers with the same bits on every CPU and GPU: by additions, multiplications, divisions
/// and roots alone, which IEEE 754 rounds, in place of a mathematical library's functions.
namespace rondo::data {

/// To 3 units in the last place, for normal x above 0.
RONDO_HOST_DEVICE float natural_logarithm(float x) {
  // x = 2^exponent * part, with part from the root of 1/2 to the root of 2.
  constexpr std::uint32_t root_of_half = 0x3F3504F3U;
  const std::uint32_t above = std::bit_cast<std::uint32_t>(x) - root_of_half;
  const auto exponent = static_cast<float>(static_cast<std::int32_t>(above) >> 23);
  const float part = std::bit_cast<float>((above & 0x007FFFFFU) + root_of_half);
  // log(part) = 2 artanh(s), whose series ends below the last place, as |s| is below 0.172.
  const float s = (part - 1.0F) / (part + 1.0F);
  const float z = s * s;
  const float series = 1.0F + z * (1.0F / 3 + z * (1.0F / 5 + z * (1.0F / 7 + z * (1.0F / 9))));
  return exponent * 0.693147181F + 2.0F * s * series;
}

struct SineCosine {
  float sine;
  float cosine;
};

/// Of so many turns in [0, 1), to 1e-7.
RONDO_HOST_DEVICE SineCosine sine_cosine(float turns) {
  const auto quarter = static_cast<std::int32_t>(4.0F * turns + 0.5F);
  // At most an eighth of a turn from there, exactly; for which the series suffice.
  const float angle = (4.0F * turns - static_cast<float>(quarter)) * 1.57079633F;
  const float z = angle * angle;
  const float sine =
      angle *
      (1.0F - z * (1.0F / 6) *
                  (1.0F - z * (1.0F / 20) * (1.0F - z * (1.0F / 42) * (1.0F - z * (1.0F / 72)))));
  const float cosine =
      1.0F -
      z * 0.5F * (1.0F - z * (1.0F / 12) * (1.0F - z * (1.0F / 30) * (1.0F - z * (1.0F / 56))));
  switch (quarter % 4) {
    case 0: return {sine, cosine};
    case 1: return {cosine, -sine};
    case 2: return {-sine, -cosine};
    default: return {-cosine, sine};
  }
}

struct NormalPair {
  float first;
  float second;
};

/// Box and Muller, Ann. Math. Stat. 29, 1958.
RONDO_HOST_DEVICE NormalPair normal_pair(std::uint32_t a, std::uint32_t b) {
  const float radius = std::sqrt(-2.0F * natural_logarithm(1.0F - Philox::uniform(a)));
  const SineCosine direction = sine_cosine(Philox::uniform(b));
  return {radius * direction.cosine, radius * direction.sine};
}

/// What the noise of a sample's values is drawn by.
RONDO_HOST_DEVICE Philox noise_numbers(std::uint64_t key) {
  return {key, RandomPurpose::noise};
}

/// Numbers of a block of noise_numbers(): as many values.
inline constexpr std::uint64_t noise_per_block = 4;

/// Of value `i` of the sample, in (C, H, W) order; of deviation 1.
RONDO_HOST_DEVICE float noise_at(std::uint64_t key, std::uint64_t i) {
  const Philox::Block bits = noise_numbers(key).block(i / noise_per_block);
  const bool is_in_first_pair = i % noise_per_block < 2;
  const NormalPair pair =
      normal_pair(is_in_first_pair ? bits[0] : bits[2], is_in_first_pair ? bits[1] : bits[3]);
  return i % 2 == 0 ? pair.first : pair.second;
}

RONDO_HOST_DEVICE float with_noise(float value, float deviation, float normal) {
  return value + deviation * normal;
}

}  // namespace rondo::data
