// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optim/kernels/streams.hpp"

/// The element-wise parts of Adafactor. Streams are named in the order written, read.
namespace rondo::optim::kernel {

/// sums[i] += values[i]^2
void add_squares_to(double* sums, const float* values, std::size_t count);

/// By an inverse root for every column and one for the row: (direction = gradient, column roots)
void divide_by_factors(const Streams<1, 1>& streams, float row_root);

struct SquareFactors {
  float beta;
  float epsilon;
};

/// The second moments of a vector: (square, gradient)
void update_square(const Streams<1, 1>& streams, const SquareFactors& factors);

/// The gradient by the root of the second moments: (direction = gradient, square)
void divide_by_root(const Streams<1, 1>& streams);

struct MoveFactors {
  float keep;    ///< 1 - decay
  float length;  ///< of the move along the direction
};

/// (value, direction)
void move(const Streams<1, 1>& streams, const MoveFactors& factors);

}  // namespace rondo::optim::kernel
