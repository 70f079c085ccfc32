// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace rondo::precision {

/// The sum of squares in f64, not finite if a value is not.
///
/// Sixteen partial sums take every sixteenth element each and are added pairwise at the end: one
/// order, a function of the length alone, whatever the width of the machine's vectors. The square
/// of a float is exact in f64. Local.
double sum_of_squares(std::span<const float> values);

}  // namespace rondo::precision
