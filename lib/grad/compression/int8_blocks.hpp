// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace rondo::grad {

/// Codes of `gradient + residual`, a block: with the scale max |value| / 127, which is returned,
///     code = value / scale, to nearest even        residual = value - scale * code
/// A block that is not finite gets a scale of NaN and keeps its residual. One whose scale would be
/// subnormal stays in the residual altogether.
float encode_block(std::span<const float> gradient, std::span<float> residual,
                   std::span<std::int8_t> codes);

/// sum = scale * codes, and sum += scale * codes
void decode_block(float scale, std::span<const std::int8_t> codes, std::span<float> sum);
void add_decoded_block(float scale, std::span<const std::int8_t> codes, std::span<float> sum);

}  // namespace rondo::grad
