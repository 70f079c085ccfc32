// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/low_rank.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "rondo/grad/layout.hpp"
#include "rondo/precision/strided_sum.hpp"

#include "grad/compression/elements.hpp"

namespace rondo::grad {
namespace {

/// to += factor * from
void add_scaled(float factor, std::span<const float> from, std::span<float> to) {
  const float* const source = from.data();
  float* const target = to.data();
  for (std::size_t i = 0; i < from.size(); ++i)
    target[i] += factor * source[i];
}

/// So many vectors are added in one pass.
constexpr std::size_t added_at_once = 4;

/// to += factor(0) * from(0) + factor(1) * from(1) + ..., one after the other.
template <class Factor, class From>
void add_all_scaled(std::size_t count, Factor factor, From from, std::span<float> to) {
  std::size_t k = 0;
  for (; k + added_at_once <= count; k += added_at_once) {
    const std::array<float, added_at_once> factors{factor(k), factor(k + 1), factor(k + 2),
                                                   factor(k + 3)};
    const std::array<const float*, added_at_once> sources{from(k).data(), from(k + 1).data(),
                                                          from(k + 2).data(), from(k + 3).data()};
    float* const target = to.data();
    for (std::size_t i = 0; i < to.size(); ++i) {
      float sum = target[i];
      for (std::size_t e = 0; e < added_at_once; ++e)
        sum += factors[e] * sources[e][i];
      target[i] = sum;
    }
  }
  for (; k < count; ++k)
    add_scaled(factor(k), from(k), to);
}

/// In f32, vectorised.
float inner_product(std::span<const float> a, std::span<const float> b) {
  std::array<float, row_sums> partial{};
  const std::size_t whole = a.size() / row_sums * row_sums;
  for (std::size_t i = 0; i < whole; i += row_sums)
    for (std::size_t lane = 0; lane < row_sums; ++lane)
      partial[lane] += a[i + lane] * b[i + lane];
  for (std::size_t i = whole; i < a.size(); ++i)
    partial[i - whole] += a[i] * b[i];
  for (std::size_t half = row_sums / 2; half > 0; half /= 2)
    for (std::size_t lane = 0; lane < half; ++lane)
      partial[lane] += partial[lane + half];
  return partial[0];
}

double inner_product_f64(std::span<const float> a, std::span<const float> b) {
  return precision::strided_sum(a.size(), [a, b](std::size_t i) {
    return static_cast<double>(a[i]) * static_cast<double>(b[i]);
  });
}

/// Of q, so many rows and columns at a time stay in the first-level cache.
constexpr std::size_t group_rows = 4;
constexpr std::size_t strip_width = 1024;
using GroupSums = std::array<std::array<float, strip_width>, group_rows>;

/// Rows [k, k + count) of p times M, of some of its rows and columns.
void multiply_tile(Matrix matrix, Matrix p, ElementRange rows, ElementRange columns, std::size_t k,
                   std::size_t count, GroupSums& sums) {
  for (std::size_t e = 0; e < count; ++e)
    std::fill_n(sums[e].begin(), columns.size(), 0.0F);
  for (std::size_t first = rows.begin; first < rows.end; first += added_at_once)
    for (std::size_t e = 0; e < count; ++e)
      add_all_scaled(
          std::min(added_at_once, rows.end - first),
          [&](std::size_t i) { return p.row(k + e)[first + i]; },
          [&](std::size_t i) {
            return matrix.row(first + i).subspan(columns.begin, columns.size());
          },
          std::span(sums[e]).first(columns.size()));
}

/// Some columns of rows [k, k + count) of q.
void multiply_strip(Matrix matrix, Matrix p, ElementRange columns, std::size_t k, std::size_t count,
                    Matrix q) {
  GroupSums sums;
  for (std::size_t first = 0; first < matrix.rows; first += slice_rows) {
    const ElementRange rows{first, std::min(first + slice_rows, matrix.rows)};
    multiply_tile(matrix, p, rows, columns, k, count, sums);
    for (std::size_t e = 0; e < count; ++e) {
      const auto own = std::span(sums[e]).first(columns.size());
      const auto to = q.row(k + e).subspan(columns.begin, columns.size());
      if (first == 0)
        std::ranges::copy(own, to.begin());
      else
        add_scaled(1, own, to);
    }
  }
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
  for (std::size_t k = 0; k < q.rows; k += group_rows)
    for (std::size_t c = 0; c < matrix.columns; c += strip_width)
      multiply_strip(matrix, p, {c, std::min(c + strip_width, matrix.columns)}, k,
                     std::min(group_rows, q.rows - k), q);
}

void multiply_factors(Matrix p, Matrix q, Matrix result) {
  for (std::size_t i = 0; i < result.rows; ++i) {
    std::ranges::fill(result.row(i), 0.0F);
    add_all_scaled(
        q.rows, [&](std::size_t k) { return p.row(k)[i]; }, [&](std::size_t k) { return q.row(k); },
        result.row(i));
  }
}

void subtract_factors(Matrix matrix, Matrix p, Matrix q, Matrix result) {
  for (std::size_t i = 0; i < result.rows; ++i) {
    std::ranges::copy(matrix.row(i), result.row(i).begin());
    add_all_scaled(
        q.rows, [&](std::size_t k) { return -p.row(k)[i]; },
        [&](std::size_t k) { return q.row(k); }, result.row(i));
  }
}

void orthonormalize(Matrix rows) {
  for (std::size_t k = 0; k < rows.rows; ++k) {
    const auto row = rows.row(k);
    const double before = length_of(row);
    for (std::size_t j = 0; j < 2 * k; ++j) {
      const auto earlier = rows.row(j % k);
      add_scaled(static_cast<float>(-inner_product_f64(earlier, row)), earlier, row);
    }
    const double factor = element::unit_factor(before, length_of(row));
    for (float& value : row)
      value = static_cast<float>(value * factor);
  }
}

}  // namespace rondo::grad
