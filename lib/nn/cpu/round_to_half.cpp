// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/round_to_half.hpp"

#include <bit>
#include <cstdint>

namespace rondo::nn::cpu {
namespace {

constexpr std::uint32_t infinity_bits = 0x7F800000U;
constexpr std::uint32_t first_above_half = 0x47800000U;      // 2^16
constexpr std::uint32_t smallest_normal_half = 0x38800000U;  // 2^-14

float rounded(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits & 0x80000000U;
  const std::uint32_t magnitude = bits ^ sign;
  const std::uint32_t normal = (magnitude + 0xFFFU + ((magnitude >> 13) & 1U)) & ~0x1FFFU;
  // 0.5 has its last bit where a half's subnormals have theirs, at 2^-24.
  const float subnormal = (std::bit_cast<float>(magnitude) + 0.5F) - 0.5F;
  std::uint32_t result = normal >= first_above_half ? infinity_bits : normal;
  result = magnitude < smallest_normal_half ? std::bit_cast<std::uint32_t>(subnormal) : result;
  result = magnitude > infinity_bits ? magnitude : result;
  return std::bit_cast<float>(sign | result);
}

}  // namespace

void round_to_half(std::span<float> values) {
  for (float& value : values)
    value = rounded(value);
}

}  // namespace rondo::nn::cpu
