// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "rondo/grad/compression.hpp"

namespace rondo::grad {

/// "bf16" and "f16": values rounded to nearest even in T.
///
///     sent = T(gradient + residual)        residual = gradient + residual - sent
///
/// The ranks' values are added in f32, in the order of ranks, by the owner of each slice; it rounds
/// the sum to T for everybody and keeps what that loses in its own residual (the second correction
/// of Tang et al., "DoubleSqueeze", ICML 2019, without a second memory). |value - sent| is at most
/// 2^-9 |value| for bf16 and 2^-12 |value| or 2^-25 for f16, which overflows above 65504.
///
/// Each rank sends (p-1)/p * S bytes in two rounds, half of what f32 takes. While a range travels
/// it has 1.5 (1 + 1/p) copies of its own; the residual takes S bytes. Passes over the range: 2 and
/// 1/p.
template <class T>
std::unique_ptr<Compressor> make_short_float(std::span<const PlacedParameter> parameters);

extern template std::unique_ptr<Compressor> make_short_float<bfloat16>(
    std::span<const PlacedParameter>);
extern template std::unique_ptr<Compressor> make_short_float<half>(
    std::span<const PlacedParameter>);

}  // namespace rondo::grad
