// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/communicator.hpp"

/// f32 values that travel as f16 or bf16. `wire` is DType::f16 or DType::bf16, the encoded values
/// are half as many bytes as the floats. Rounding is to nearest even; what overflows f16 becomes
/// infinite; NaN stays NaN. Every CPU gives the same bits, those of the conversions in
/// rondo/base/float16.hpp, except that decoding makes a signalling NaN of f16 quiet. All are local.
namespace rondo::comm {

void encode(DType wire, std::span<const float> values, std::span<std::byte> encoded);
void decode(DType wire, std::span<const std::byte> encoded, std::span<float> values);

/// accumulator[i] = accumulator[i] op decoded[i]
void reduce_encoded(DType wire, ReduceOp op, std::span<float> accumulator,
                    std::span<const std::byte> encoded);

/// Rounds `values` to what encode() and decode() would make of them, in place.
void round_to_wire(DType wire, std::span<float> values);

}  // namespace rondo::comm
