// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace rondo::optim::kernel {

/// A sum of squares in f64 as sixteen partial sums, of the elements i, i + 16, i + 32, ... each:
/// one order for vectors of any width.
class PartialSums {
 public:
  static constexpr std::size_t count = 16;

  /// Adds the squares of the elements that follow; all calls but the last have a multiple of
  /// `count` elements.
  void add_squares(std::span<const float> values);

  /// Pairwise.
  double total() const;

 private:
  std::array<double, count> sums_{};
};

}  // namespace rondo::optim::kernel
