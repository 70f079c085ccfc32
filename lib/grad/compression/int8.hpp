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
/// int8_blocks.hpp has the formula). |value - sent| <= max |block| / 254, by every rank and once
/// more of the sum.
///
/// The ranks' codes of a slice are added in f32, in the order of ranks, by its owner, which adds
/// what its own codes left, rounds the sum to int8 for everybody and keeps that rest in its own
/// residual (as short_float.hpp). Ranges shorter than `block` times the ranks have shorter blocks.
///
/// Each rank sends 2 (p-1)/p (1/4 + 1/block) S bytes in two rounds, 1/4 of what f32 takes. While a
/// range travels it has 1/2 + 1/4p copies of its own; the residual takes S bytes. Passes over the
/// range: 3, over the codes: 1.
std::unique_ptr<Compressor> make_int8(std::span<const PlacedParameter> parameters,
                                      std::size_t block);

}  // namespace rondo::grad
