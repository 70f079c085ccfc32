// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace rondo::scaling {

/// Where a sum of squares is least.
struct LeastSquares {
  std::vector<double> parameters;
  std::vector<double> covariance =
      {};               ///< of them, row by row, for residuals of the variance below
  double variance = 0;  ///< of a residual
};

/// By parameters; always as many as in the first call.
using Residuals = std::function<std::vector<double>(std::span<const double>)>;

/// Rows of derivatives, one for each residual, by differences of `step`.
std::vector<double> derivatives_of(const Residuals& residuals, std::span<const double> parameters,
                                   double step);

/// Levenberg and Marquardt's method, from `start` on. No parameter changes by more than 1 at a
/// time, and differences are of 1e-3: parameters are logarithms, or alike.
LeastSquares least_squares(const Residuals& residuals, std::vector<double> start);

}  // namespace rondo::scaling
