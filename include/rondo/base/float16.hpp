// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace rondo {

namespace detail {

/// Rounds the bits of a finite or infinite f32 to its upper 16 bits, to nearest even.
constexpr std::uint16_t round_to_upper_half(std::uint32_t bits) {
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

/// What a NaN of these bits becomes: one with its sign and upper payload, and quiet.
constexpr std::uint16_t bfloat16_nan(std::uint32_t bits) {
  return static_cast<std::uint16_t>((bits >> 16) | 0x0040U);
}
constexpr std::uint16_t half_nan(std::uint32_t bits) {
  return static_cast<std::uint16_t>(((bits >> 16) & 0x8000U) | 0x7E00U | ((bits >> 13) & 0x3FFU));
}
/// And a half's, whose payload stays.
constexpr float half_nan_value(std::uint16_t bits) {
  const std::uint32_t nan = bits;
  return std::bit_cast<float>(((nan & 0x8000U) << 16) | 0x7FC00000U | ((nan & 0x3FFU) << 13));
}

constexpr std::uint16_t bfloat16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const bool is_nan = (bits & 0x7FFFFFFFU) > 0x7F800000U;
  return is_nan ? bfloat16_nan(bits) : round_to_upper_half(bits);  // a NaN could become infinite
}

constexpr std::uint16_t half_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) return half_nan(bits);
  if (magnitude >= 0x47800000U)  // 65536 and above, infinity
    return static_cast<std::uint16_t>(sign | 0x7C00U);
  if (magnitude < 0x38800000U) {
    // Below the smallest normal half, 2^-14. Adding 0.5 aligns the last bit of the sum with a
    // half's subnormal step 2^-24, so that the FPU's own rounding is the right one.
    const float aligned = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(aligned) - 0x3F000000U));
  }
  // Re-bias the exponent from 127 to 15 and round away 13 bits; a carry may reach infinity.
  const std::uint32_t rebased = magnitude - (112U << 23);
  return static_cast<std::uint16_t>(sign | ((rebased + 0xFFFU + ((rebased >> 13) & 1U)) >> 13));
}

constexpr float half_value(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t magnitude = bits & 0x7FFFU;
  if (magnitude > 0x7C00U) return half_nan_value(bits);  // quiet, as CPUs convert
  if (magnitude == 0x7C00U) return std::bit_cast<float>(sign | 0x7F800000U);
  if (magnitude < 0x0400U) {
    const float value = static_cast<float>(magnitude) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(value));
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + (112U << 23)));
}

}  // namespace detail

/// The upper half of an IEEE f32: 8 exponent and 7 fraction bits.
///
/// Storage only: convert to float, compute, convert back. Conversion from float rounds to nearest
/// even, keeps infinities, and turns any NaN into a quiet NaN of the same sign.
class bfloat16 {
 public:
  bfloat16() = default;
  explicit constexpr bfloat16(float value) : bits_(detail::bfloat16_bits(value)) {}
  static constexpr bfloat16 from_bits(std::uint16_t bits) {
    bfloat16 value;
    value.bits_ = bits;
    return value;
  }
  explicit constexpr operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits_) << 16);
  }
  constexpr std::uint16_t bits() const { return bits_; }

 private:
  std::uint16_t bits_ = 0;
};

/// IEEE 754 binary16: 5 exponent and 10 fraction bits, subnormals kept. Storage only, as bfloat16.
/// Conversion to float makes a NaN quiet too.
class half {
 public:
  half() = default;
  explicit constexpr half(float value) : bits_(detail::half_bits(value)) {}
  static constexpr half from_bits(std::uint16_t bits) {
    half value;
    value.bits_ = bits;
    return value;
  }
  explicit constexpr operator float() const { return detail::half_value(bits_); }
  constexpr std::uint16_t bits() const { return bits_; }

 private:
  std::uint16_t bits_ = 0;
};

static_assert(sizeof(bfloat16) == 2 && sizeof(half) == 2);

}  // namespace rondo
