// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace rondo::grad {

/// A row-major matrix in somebody's memory; as a span, it may be copied freely.
struct Matrix {
  std::span<float> values;
  std::size_t rows = 0;
  std::size_t columns = 0;

  std::span<float> row(std::size_t i) const { return values.subspan(i * columns, columns); }
};

// All sums have an order that depends on the sizes alone, and that GPUs take, too. Factors are kept
// transposed: a factor of rank r is r rows, so that the inner loops run along rows. The last
// argument is the result.

/// An inner product of f32 with a matrix's row has so many partial sums, k taking the elements k,
/// k + 32, ...; they are added pairwise, sum i and sum i + half first.
inline constexpr std::size_t row_sums = 32;
/// A sum over a matrix's rows adds up so many at a time, then what these came to, in order.
inline constexpr std::size_t slice_rows = 128;

/// The 2-norm, neither overflowing nor vanishing: the root of a strided_sum().
double length_of(std::span<const float> values);

/// p (r, m) = q (r, n) * M^T, of M (m, n)
void multiply_rows(Matrix matrix, Matrix q, Matrix p);
/// q (r, n) = p (r, m) * M
void multiply_columns(Matrix matrix, Matrix p, Matrix q);
/// result (m, n) = p^T q
void multiply_factors(Matrix p, Matrix q, Matrix result);
/// result = M - p^T q
void subtract_factors(Matrix matrix, Matrix p, Matrix q, Matrix result);

/// Makes the rows orthonormal by the modified Gram-Schmidt process, each projected twice. Rows that
/// depend on earlier ones become zero.
void orthonormalize(Matrix rows);

}  // namespace rondo::grad
