// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "rondo/grad/compression.hpp"

namespace rondo::grad {

/// "int8": blocks of `block` elements, each with its own symmetric scale (Dettmers, "8-Bit
/// Approximations for Parallelism in Deep Learning", ICLR 2016, with one linear scale a block;
/// int8_blocks.hpp has the formula). Per rank |value - sent| <= max |block| / 254.
///
/// The codes of all ranks reach all ranks by one allgather, and each adds them in the order of
/// ranks: each rank sends (p-1) (1/4 + 1/block) S bytes, p/8 of what f32 takes. That is the least
/// with 2 ranks; with 8 and more it saves nothing. While a range travels it has (p+1)/4 copies of
/// its own; the residual takes S bytes. Passes over the range: 2, over the codes: p.
std::unique_ptr<Compressor> make_int8(std::span<const PlacedParameter> parameters,
                                      std::size_t block);

}  // namespace rondo::grad
