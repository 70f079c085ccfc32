// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/low_rank.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

namespace rondo::grad {
namespace {

/// to += factor * from
void add_scaled(float factor, std::span<const float> from, std::span<float> to) {
  const float* const source = from.data();
  float* const target = to.data();
  for (std::size_t i = 0; i < from.size(); ++i)
    target[i] += factor * source[i];
}

/// In f32, vectorised: sixteen partial sums.
float inner_product(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t width = 16;
  std::array<float, width> partial{};
  const std::size_t whole = a.size() / width * width;
  for (std::size_t i = 0; i < whole; i += width)
    for (std::size_t lane = 0; lane < width; ++lane)
      partial[lane] += a[i + lane] * b[i + lane];
  for (std::size_t i = whole; i < a.size(); ++i)
    partial[i - whole] += a[i] * b[i];
  return std::accumulate(partial.begin(), partial.end(), 0.0F);
}

double inner_product_f64(std::span<const float> a, std::span<const float> b) {
  return std::transform_reduce(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                               [](double x, double y) { return x * y; });
}

}  // namespace

double length_of(std::span<const float> values) {
  return std::sqrt(inner_product_f64(values, values));
}

void multiply_rows(Matrix matrix, Matrix q, Matrix p) {
  for (std::size_t i = 0; i < matrix.rows; ++i)
    for (std::size_t k = 0; k < q.rows; ++k)
      p.row(k)[i] = inner_product(matrix.row(i), q.row(k));
}

void multiply_columns(Matrix matrix, Matrix p, Matrix q) {
  std::ranges::fill(q.values, 0.0F);
  for (std::size_t i = 0; i < matrix.rows; ++i)
    for (std::size_t k = 0; k < q.rows; ++k)
      add_scaled(p.row(k)[i], matrix.row(i), q.row(k));
}

void multiply_factors(Matrix p, Matrix q, Matrix result) {
  for (std::size_t i = 0; i < result.rows; ++i) {
    std::ranges::fill(result.row(i), 0.0F);
    for (std::size_t k = 0; k < q.rows; ++k)
      add_scaled(p.row(k)[i], q.row(k), result.row(i));
  }
}

void subtract_factors(Matrix matrix, Matrix p, Matrix q, Matrix result) {
  for (std::size_t i = 0; i < result.rows; ++i) {
    std::ranges::copy(matrix.row(i), result.row(i).begin());
    for (std::size_t k = 0; k < q.rows; ++k)
      add_scaled(-p.row(k)[i], q.row(k), result.row(i));
  }
}

void orthonormalize(Matrix rows) {
  constexpr double dependent = 1e-6;  // what f32 rounding leaves of a row that depends on others
  for (std::size_t k = 0; k < rows.rows; ++k) {
    const auto row = rows.row(k);
    const double before = length_of(row);
    for (std::size_t j = 0; j < 2 * k; ++j) {
      const auto earlier = rows.row(j % k);
      add_scaled(static_cast<float>(-inner_product_f64(earlier, row)), earlier, row);
    }
    const double after = length_of(row);
    const double factor = after <= dependent * before ? 0.0 : 1.0 / after;
    for (float& value : row)
      value = static_cast<float>(value * factor);
  }
}

}  // namespace rondo::grad
