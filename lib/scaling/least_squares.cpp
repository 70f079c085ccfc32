// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scaling/least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace rondo::scaling {
namespace {

constexpr double difference = 1e-3;
constexpr double small_enough = 1e-5;  // of a step
constexpr int most_steps = 60;

double sum_of_squares(std::span<const double> values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

/// A square matrix, row by row.
struct Matrix {
  std::size_t size;
  std::vector<double> values;

  double& at(std::size_t row, std::size_t column) { return values[row * size + column]; }
  double at(std::size_t row, std::size_t column) const { return values[row * size + column]; }
};

/// J^T J and J^T r.
struct NormalEquations {
  Matrix matrix;
  std::vector<double> right;
};

NormalEquations normal_equations(std::span<const double> derivatives,
                                 std::span<const double> residuals, std::size_t size) {
  NormalEquations equations{{size, std::vector<double>(size * size)}, std::vector<double>(size)};
  for (std::size_t k = 0; k < residuals.size(); ++k) {
    const auto row = derivatives.subspan(k * size, size);
    for (std::size_t i = 0; i < size; ++i) {
      equations.right[i] += row[i] * residuals[k];
      for (std::size_t j = 0; j < size; ++j)
        equations.matrix.at(i, j) += row[i] * row[j];
    }
  }
  return equations;
}

/// Adds `damping` times the diagonal, and next to nothing where that is empty.
Matrix damped(Matrix matrix, double damping) {
  for (std::size_t i = 0; i < matrix.size; ++i)
    matrix.at(i, i) += damping * matrix.at(i, i) + 1e-12;
  return matrix;
}

/// Solves for `right` by elimination; the matrix is positive definite.
std::vector<double> solve(Matrix matrix, std::vector<double> right) {
  for (std::size_t pivot = 0; pivot < matrix.size; ++pivot) {
    for (std::size_t row = pivot + 1; row < matrix.size; ++row) {
      const double factor = matrix.at(row, pivot) / matrix.at(pivot, pivot);
      for (std::size_t column = pivot; column < matrix.size; ++column)
        matrix.at(row, column) -= factor * matrix.at(pivot, column);
      right[row] -= factor * right[pivot];
    }
  }
  for (std::size_t row = matrix.size; row-- > 0;) {
    for (std::size_t column = row + 1; column < matrix.size; ++column)
      right[row] -= matrix.at(row, column) * right[column];
    right[row] /= matrix.at(row, row);
  }
  return right;
}

std::vector<double> inverse(const Matrix& matrix) {
  std::vector<double> columns;  // those of a symmetric matrix are its rows
  for (std::size_t i = 0; i < matrix.size; ++i) {
    std::vector<double> unit(matrix.size);
    unit[i] = 1;
    const auto column = solve(matrix, std::move(unit));
    columns.insert(columns.end(), column.begin(), column.end());
  }
  return columns;
}

}  // namespace

std::vector<double> derivatives_of(const Residuals& residuals, std::span<const double> parameters,
                                   double step) {
  std::vector<double> moved(parameters.begin(), parameters.end());
  const auto here = residuals(moved);
  std::vector<double> derivatives(here.size() * moved.size());
  for (std::size_t i = 0; i < moved.size(); ++i) {
    moved[i] = parameters[i] + step;
    const auto there = residuals(moved);
    moved[i] = parameters[i];
    for (std::size_t k = 0; k < here.size(); ++k)
      derivatives[k * moved.size() + i] = (there[k] - here[k]) / step;
  }
  return derivatives;
}

LeastSquares least_squares(const Residuals& residuals, std::vector<double> start) {
  LeastSquares best{.parameters = std::move(start)};
  const std::size_t size = best.parameters.size();
  auto values = residuals(best.parameters);
  auto equations =
      normal_equations(derivatives_of(residuals, best.parameters, difference), values, size);
  double damping = 1e-2;
  for (int step = 0; step < most_steps; ++step) {
    const auto change = solve(damped(equations.matrix, damping), equations.right);
    double longest = 0;
    std::vector<double> moved = best.parameters;
    for (std::size_t i = 0; i < size; ++i) {
      moved[i] -= std::clamp(change[i], -1.0, 1.0);
      longest = std::max(longest, std::abs(change[i]));
    }
    auto there = residuals(moved);
    const bool is_better = sum_of_squares(there) < sum_of_squares(values);
    damping = is_better ? damping / 10 : damping * 10;
    if (is_better) {
      best.parameters = std::move(moved);
      values = std::move(there);
      equations =
          normal_equations(derivatives_of(residuals, best.parameters, difference), values, size);
    }
    if (longest < small_enough) break;
  }
  const std::size_t freedom = values.size() > size ? values.size() - size : 1;
  best.variance = sum_of_squares(values) / static_cast<double>(freedom);
  best.covariance = inverse(damped(equations.matrix, 0));
  for (double& value : best.covariance)
    value *= best.variance;
  return best;
}

}  // namespace rondo::scaling
