// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/int8_blocks.hpp"

#include <algorithm>

#include "grad/compression/elements.hpp"

namespace rondo::grad {
namespace {

/// Signed, as vectors compare numbers.
std::uint32_t largest_bits(std::span<const float> gradient, std::span<const float> residual) {
  std::int32_t largest = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i)
    largest = std::max(
        largest, static_cast<std::int32_t>(element::magnitude_bits(gradient[i] + residual[i])));
  return static_cast<std::uint32_t>(largest);
}

}  // namespace

float encode_block(std::span<const float> gradient, std::span<float> residual,
                   std::span<std::int8_t> codes) {
  const float scale = element::int8_scale(largest_bits(gradient, residual));
  const float* const from = gradient.data();
  float* const rest = residual.data();
  if (!(scale > 0)) {
    for (std::size_t i = 0; scale == 0 && i < residual.size(); ++i)
      rest[i] += from[i];
    std::ranges::fill(codes, std::int8_t{0});
    return scale;
  }
  const float inverse = 1.0F / scale;
  std::int8_t* const to = codes.data();
  for (std::size_t i = 0; i < gradient.size(); ++i)
    to[i] = element::int8_code(from[i], rest[i], scale, inverse);
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
