// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/int8_blocks.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace rondo::grad {
namespace {

constexpr float largest_code = 127.0F;
constexpr float largest_scale = 0x1.02p121F;  // a little lower than the largest f32 over 127

/// The largest magnitude as bits, whose order is that of the numbers: infinity and NaN come last.
std::int32_t largest_bits(std::span<const float> gradient, std::span<const float> residual) {
  std::int32_t largest = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i)
    largest =
        std::max(largest, std::bit_cast<std::int32_t>(gradient[i] + residual[i]) & 0x7FFFFFFF);
  return largest;
}

/// To nearest even, for magnitudes below 2^22: the sum's last bit is worth 1.
float round_to_integer(float value) {
  constexpr float shift = 0x1.8p23F;
  return (value + shift) - shift;
}

}  // namespace

float encode_block(std::span<const float> gradient, std::span<float> residual,
                   std::span<std::int8_t> codes) {
  const float largest = std::bit_cast<float>(largest_bits(gradient, residual));
  const float scale = std::min(largest / largest_code, largest_scale);
  if (!(scale >= std::numeric_limits<float>::min() &&
        largest <= std::numeric_limits<float>::max())) {
    const bool tiny = scale < std::numeric_limits<float>::min();
    for (std::size_t i = 0; tiny && i < residual.size(); ++i)
      residual[i] += gradient[i];
    std::ranges::fill(codes, std::int8_t{0});
    return tiny ? 0.0F : std::numeric_limits<float>::quiet_NaN();
  }
  const float inverse = 1.0F / scale;
  const float* const from = gradient.data();
  float* const rest = residual.data();
  std::int8_t* const to = codes.data();
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const float value = from[i] + rest[i];
    const float code = round_to_integer(value * inverse);
    rest[i] = value - scale * code;
    to[i] = static_cast<std::int8_t>(static_cast<std::int32_t>(code));
  }
  return scale;
}

void decode_block(float scale, std::span<const std::int8_t> codes, std::span<float> sum) {
  for (std::size_t i = 0; i < codes.size(); ++i)
    sum[i] = scale * static_cast<float>(codes[i]);
}

void add_decoded_block(float scale, std::span<const std::int8_t> codes, std::span<float> sum) {
  for (std::size_t i = 0; i < codes.size(); ++i)
    sum[i] += scale * static_cast<float>(codes[i]);
}

}  // namespace rondo::grad
