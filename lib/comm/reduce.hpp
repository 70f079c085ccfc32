// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/communicator.hpp"

namespace rondo::comm {

/// accumulator[i] = accumulator[i] op values[i], for elements of `dtype`. ReduceOp::avg adds:
/// divide once, at the end. f16 and bf16 are computed in f32 and rounded to nearest even. Both
/// spans are equally long and do not overlap.
void reduce(DType dtype, ReduceOp op, std::span<std::byte> accumulator,
            std::span<const std::byte> values);

/// values[i] = values[i] / divisor, rounded as reduce() does; integers toward zero.
void divide(DType dtype, std::span<std::byte> values, int divisor);

}  // namespace rondo::comm
