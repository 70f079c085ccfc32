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

// All sums have an order that depends on the sizes alone. Factors are kept transposed: a factor of
// rank r is r rows, so that the inner loops run along rows. The last argument is the result.

/// The 2-norm, neither overflowing nor vanishing.
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
