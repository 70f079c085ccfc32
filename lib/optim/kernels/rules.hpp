// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "optim/kernels/gradient.hpp"
#include "optim/kernels/streams.hpp"

/// The rules element by element, on the best vectors that the CPU has; the headers of the rules
/// have their formulas. Streams are named in the order written, read.
namespace rondo::optim::kernel {

struct SgdFactors {
  Gradient gradient;
  float lr;
  float momentum;
  float decay;
  float local_rate = 1;  ///< of gradient and decay, beside lr
};

/// (value, gradient sum)
void sgd(const Streams<1, 1>& streams, const SgdFactors& factors);
/// (value, velocity, gradient sum)
void momentum(const Streams<2, 1>& streams, const SgdFactors& factors);
void nesterov(const Streams<2, 1>& streams, const SgdFactors& factors);

struct AdamFactors {
  Gradient gradient;
  float lr;
  float beta1;
  float beta2;
  float mean_correction;    ///< 1 / (1 - beta1^t)
  float square_correction;  ///< 1 / (1 - beta2^t)
  float epsilon;
  float decay;
};

/// (value, mean, square, gradient sum)
void adam(const Streams<3, 1>& streams, const AdamFactors& factors);
void adamw(const Streams<3, 1>& streams, const AdamFactors& factors);

/// The moments' part of LAMB, with the squares of values and directions:
/// (mean, square, value, gradient sum)
void measure_lamb(const Streams<2, 2>& streams, const AdamFactors& factors, MeasuredSums& sums);
/// The move along the direction by lr: (value, mean, square)
void lamb(const Streams<1, 2>& streams, const AdamFactors& factors);

/// The squares of values and gradients: (value, gradient sum)
void measure_lars(const Streams<0, 2>& streams, const Gradient& gradient, MeasuredSums& sums);

struct LionFactors {
  Gradient gradient;
  float lr;
  float beta1;
  float beta2;
  float decay;
};

/// (value, mean, gradient sum)
void lion(const Streams<2, 1>& streams, const LionFactors& factors);

}  // namespace rondo::optim::kernel
