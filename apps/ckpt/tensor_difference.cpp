// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "ckpt/tensor_difference.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

namespace rondo::apps {
namespace {

/// The place of a finite number among all, with both zeros in one place.
std::int64_t place_of(float value) {
  const auto bits = static_cast<std::int64_t>(std::bit_cast<std::uint32_t>(value));
  constexpr std::int64_t sign = std::int64_t{1} << 31;
  return bits < sign ? bits : sign - bits;
}

}  // namespace

void TensorDifference::add(const TensorDifference& other) {
  different += other.different;
  not_finite += other.not_finite;
  most = std::max(most, other.most);
  most_ulps = std::max(most_ulps, other.most_ulps);
}

TensorDifference difference_of(std::span<const float> a, std::span<const float> b) {
  TensorDifference result;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(a[i]) == std::bit_cast<std::uint32_t>(b[i])) continue;
    ++result.different;
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) {
      ++result.not_finite;
      continue;
    }
    result.most = std::max(result.most, std::abs(static_cast<double>(a[i]) - b[i]));
    const auto ulps = static_cast<std::uint64_t>(std::abs(place_of(a[i]) - place_of(b[i])));
    result.most_ulps = std::max(result.most_ulps, ulps);
  }
  return result;
}

}  // namespace rondo::apps
