// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>

namespace rondo::precision {

/// Partial sums that a strided_sum() has at the most: what a block of a GPU's threads keeps.
inline constexpr std::size_t most_strided_sums = 256;

/// The sum of value(0), ..., value(count - 1) in one order, a function of their number alone, on
/// CPUs and GPUs: partial sum k takes the values k, k + 256, ...; they are added pairwise, sum i
/// and sum i + half first. Of the squares of a parameter's pieces, and of those of all parameters
/// as they lie in the arena; of products of long vectors.
///
/// Zero-initialised, a value is zero, and adding it changes nothing: no sum here is -0. Local.
template <class Value>
auto strided_sum(std::size_t count, Value value) {
  const std::size_t used = std::min(std::bit_ceil(count), most_strided_sums);
  std::array<decltype(value(count)), most_strided_sums> sums{};
  for (std::size_t i = 0; i < count; ++i)
    sums[i & (used - 1)] = sums[i & (used - 1)] + value(i);
  for (std::size_t half = used / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i)
      sums[i] = sums[i] + sums[i + half];
  return sums[0];
}

/// The same of `values`.
template <class T>
T strided_sum(std::span<const T> values) {
  return strided_sum(values.size(), [values](std::size_t i) { return values[i]; });
}

}  // namespace rondo::precision
