// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/base/philox.hpp"
#include "rondo/grad/compression.hpp"

namespace rondo::grad {

/// A parameter as a matrix that is worth its factors.
struct FactoredMatrix {
  std::size_t begin;  ///< in the arena
  std::size_t rows;
  std::size_t columns;
  std::size_t rank;  ///< of the factors
  Philox random;     ///< what fresh factors are drawn from

  std::size_t end() const noexcept { return begin + rows * columns; }
};

/// Those of `parameters` that become matrices with factors of `rank` at the most.
std::vector<PlacedParameter> factored_parameters(std::span<const PlacedParameter> parameters,
                                                 std::size_t rank);
/// Each of these as a matrix.
std::vector<FactoredMatrix> factored_matrices(std::span<const PlacedParameter> factored,
                                              std::size_t rank, std::uint64_t seed);

/// "powersgd": one step of power iteration a matrix (Vogels, Karimireddy and Jaggi, "PowerSGD",
/// NeurIPS 2019). On rank w, of M_w = gradient + residual, (m, n), and Q of the step before, (n,
/// r):
///
///     P = orthonormal columns of sum_w M_w Q      Q_w = M_w^T P      result = P (sum_w Q_w)^T
///     residual = M_w - P Q_w^T                    next Q = sum_w Q_w, columns of length 1
///
/// A parameter of shape (m, ...) is a matrix of m rows, if it is a weight and its factors take half
/// of its memory at the most; everything else is summed exactly. The first Q, and columns of length
/// zero, are drawn from Philox by seed and name.
///
/// Each rank sends 2 (p-1)/p * 4 r (m+n) bytes a matrix in two rounds. Memory: S bytes of residual
/// and 4 r n of Q a matrix; 4 r (m + 2n) while it travels. 8 r m n flops; passes over the range: 4.
std::unique_ptr<Compressor> make_power_sgd(std::span<const PlacedParameter> parameters,
                                           std::size_t rank, std::uint64_t seed);

}  // namespace rondo::grad
