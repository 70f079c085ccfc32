// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace rondo::precision {

/// A sum of squares in f64, not finite if a value is not, of a range that is seen part by part.
///
/// Sixteen partial sums take every sixteenth element each and are added pairwise at the end: one
/// order, a function of the length alone, whatever the width of the machine's vectors. The square
/// of a float is exact in f64. Local.
class SquareSum {
 public:
  static constexpr std::size_t count = 16;

  /// Adds the squares of the elements that follow; all calls but the last have a multiple of
  /// `count` elements.
  void add(std::span<const float> values);
  double total() const;
  /// For kernels that square in a pass of their own: sum k takes the elements k, k + count, ...
  std::span<double, count> partial() noexcept { return partial_; }

 private:
  std::array<double, count> partial_{};
};

/// The SquareSum of all `values`.
double sum_of_squares(std::span<const float> values);

}  // namespace rondo::precision
