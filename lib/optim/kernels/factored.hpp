// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/precision/squares.hpp"

#include "optim/kernels/gradient.hpp"
#include "optim/kernels/streams.hpp"

/// The loops of Adafactor. Streams are named in the order written, read.
namespace rondo::optim::kernel {

/// How many rows of a matrix are summed at once.
inline constexpr std::size_t row_group = 4;
/// The sums of a column are those of so many rows at a time, added in their order; the sums of a
/// row those of so many columns. A block of a GPU's threads goes through that much of a matrix.
inline constexpr std::size_t slice_rows = 64;
inline constexpr std::size_t strip_columns = 1024;
static_assert(slice_rows % row_group == 0);

/// A part of at most `row_group` rows of gradient sums.
struct Rows {
  const float* first;
  std::size_t stride;  ///< from one row to the next
  std::size_t rows;
  std::size_t count;            ///< columns, a multiple of sixteen in all calls but a row's last
  const float* next = nullptr;  ///< as many rows that are wanted soon
};

/// Adds the squares of the gradients to the sums of their columns, row by row, and of their rows.
void add_squares(const Rows& rows, const Gradient& gradient, double* column_sums,
                 precision::SquareSum* row_sums);

/// Adds the squares of the gradients, times their row's scale, to the sums of their columns.
void add_scaled_squares(const Rows& rows, const Gradient& gradient, const float* scales,
                        double* column_sums);

struct SquareFactors {
  Gradient gradient;
  float beta;
  float epsilon;
};

/// The second moments of a vector, with the squares of values and directions:
/// (square, value, gradient sum)
void measure_squares(const Streams<1, 2>& streams, const SquareFactors& factors,
                     MeasuredSums& sums);

struct MoveFactors {
  Gradient gradient;
  float keep;    ///< 1 - decay
  float length;  ///< of the move along the direction
};

/// Along the gradient by the root of the second moments: (value, gradient sum, square)
void move_by_squares(const Streams<1, 2>& streams, const MoveFactors& factors);

/// Along the gradient by an inverse root for every column and one for the row:
/// (value, gradient sum, column roots)
void move_by_factors(const Streams<1, 2>& streams, float row_root, const MoveFactors& factors);

}  // namespace rondo::optim::kernel
