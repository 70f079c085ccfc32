// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "rondo/base/float16.hpp"

namespace rondo::precision {

/// Converts element by element between the three storage types, as the types' own constructors do:
/// narrowing rounds to nearest even, widening is exact, bf16 and f16 go through f32.
///
/// Local. The spans must not overlap.
/// \throws UsageError  spans of different lengths
void convert(std::span<const float> from, std::span<bfloat16> to);
void convert(std::span<const float> from, std::span<half> to);
void convert(std::span<const bfloat16> from, std::span<float> to);
void convert(std::span<const bfloat16> from, std::span<half> to);
void convert(std::span<const half> from, std::span<float> to);
void convert(std::span<const half> from, std::span<bfloat16> to);

/// Replaces every value by the one that a T would hold: f32 storage with the resolution of T.
/// Defined for bfloat16 and half.
template <class T>
void round_through(std::span<float> values);

template <>
void round_through<bfloat16>(std::span<float> values);
template <>
void round_through<half>(std::span<float> values);

/// Whether no value is infinite or NaN; true for an empty span. Reads up to the first chunk of a
/// few thousand elements that has one.
bool all_finite(std::span<const float> values);

}  // namespace rondo::precision
