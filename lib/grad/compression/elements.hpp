// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "rondo/base/philox.hpp"

#include "base/host_device.hpp"

/// What the methods do with single elements, on CPUs and on GPUs: the same bits, but for the sign
/// and payload of a NaN.
namespace rondo::grad::element {

/// The order of these bits is that of the magnitudes: infinity comes behind all numbers, then NaN.
RONDO_HOST_DEVICE std::uint32_t magnitude_bits(float value) {
  return std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFU;
}

inline constexpr std::uint32_t infinity_bits = 0x7F800000U;

RONDO_HOST_DEVICE bool is_finite(float value) {
  return (std::bit_cast<std::uint32_t>(value) & infinity_bits) != infinity_bits;
}

/// sent = T(gradient + residual); the residual becomes the rest.
template <class T>
RONDO_HOST_DEVICE T round_with_feedback(float gradient, float& residual) {
  const float wanted = gradient + residual;
  const T sent(wanted);
  const float rounded = static_cast<float>(sent);
  residual = is_finite(rounded) ? wanted - rounded : residual;
  return sent;
}

/// The same for a sum, whose loss joins what the residual already holds.
template <class T>
RONDO_HOST_DEVICE T round_sum(float sum, float& residual) {
  const T sent(sum);
  const float rounded = static_cast<float>(sent);
  residual += is_finite(rounded) ? sum - rounded : 0.0F;
  return sent;
}

/// The scale of a block in int8 whose largest magnitude has these bits: NaN if that is not finite,
/// 0 if the scale would be subnormal.
RONDO_HOST_DEVICE float int8_scale(std::uint32_t largest_bits) {
  constexpr float largest_code = 127.0F;
  constexpr float largest_scale = 0x1.02p121F;  // a little lower than the largest f32 over 127
  if (largest_bits >= infinity_bits) return std::numeric_limits<float>::quiet_NaN();
  const float scale = std::bit_cast<float>(largest_bits) / largest_code;
  if (scale < std::numeric_limits<float>::min()) return 0.0F;
  return scale < largest_scale ? scale : largest_scale;
}

/// Element `index` of a factor of PowerSGD's that is drawn anew, uniform in [-1, 1).
RONDO_HOST_DEVICE float fresh_factor(const Philox& random, std::uint64_t index) {
  return 2 * Philox::uniform(random.block(index / 4)[index % 4]) - 1;
}

/// What makes a row's length 1 that was `before` long and is `after` once its projections on
/// earlier rows are gone: 0 if nothing but f32's rounding is left of it.
RONDO_HOST_DEVICE double unit_factor(double before, double after) {
  constexpr double dependent = 1e-6;
  return after <= dependent * before ? 0.0 : 1.0 / after;
}

/// To nearest even, for magnitudes below 2^22: the sum's last bit is worth 1.
RONDO_HOST_DEVICE float round_to_integer(float value) {
  constexpr float shift = 0x1.8p23F;
  return (value + shift) - shift;
}

/// code = (gradient + residual) / scale; the residual becomes the rest. `inverse` is 1 / scale,
/// which is a number above 0.
RONDO_HOST_DEVICE std::int8_t int8_code(float gradient, float& residual, float scale,
                                        float inverse) {
  const float value = gradient + residual;
  const float code = round_to_integer(value * inverse);
  residual = value - scale * code;
  return static_cast<std::int8_t>(static_cast<std::int32_t>(code));
}

}  // namespace rondo::grad::element
