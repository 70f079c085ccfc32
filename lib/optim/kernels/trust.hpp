// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

#include "rondo/optim/optimizer.hpp"

#include "base/host_device.hpp"

/// The factors that rules with Scope::norms take from a parameter's norms; in f64.
namespace rondo::optim::kernel {

/// LAMB's, of the learning rate.
RONDO_HOST_DEVICE float lamb_ratio(const SquareSums& sums, bool decays) {
  if (!decays || sums.value == 0 || sums.direction == 0) return 1;
  return static_cast<float>(std::sqrt(sums.value) / std::sqrt(sums.direction));
}

/// LARS's, of gradient and decay.
RONDO_HOST_DEVICE float lars_rate(const SquareSums& sums, bool decays, float trust_coefficient,
                                  float weight_decay) {
  if (!decays || sums.value == 0 || sums.direction == 0) return 1;
  const double norm = std::sqrt(sums.value);
  return static_cast<float>(static_cast<double>(trust_coefficient) * norm /
                            (std::sqrt(sums.direction) + static_cast<double>(weight_decay) * norm));
}

}  // namespace rondo::optim::kernel
