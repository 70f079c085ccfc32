// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "rondo/optim/adafactor.hpp"

#include "base/host_device.hpp"
#include "optim/kernels/factored.hpp"

/// What Adafactor computes a row, a column or a parameter, on CPU and GPU; in f64.
namespace rondo::optim::kernel {

/// The rule's slots, by number.
enum FactoredSlot : std::size_t { row, column, square };

/// What a step has the same for all parameters.
struct FactoredStep {
  Gradient gradient;
  double beta;  ///< share of the second moments that stays
  double epsilon;
  double smallest_scale;
  double clip_threshold;
  double relative_step;
  double decay;

  FactoredStep(const Adafactor::Options& options, const StepContext& context)
      : gradient(context),
        beta(1 - std::pow(static_cast<double>(context.step),
                          -static_cast<double>(options.decay_exponent))),
        epsilon(static_cast<double>(options.epsilon)),
        smallest_scale(static_cast<double>(options.smallest_scale)),
        clip_threshold(static_cast<double>(options.clip_threshold)),
        relative_step(std::min(static_cast<double>(context.lr),
                               1 / std::sqrt(static_cast<double>(context.step)))),
        decay(static_cast<double>(context.lr) * static_cast<double>(options.weight_decay)) {}
};

/// The running mean `beta * mean + (1 - beta) * sample`, stored as f32.
RONDO_HOST_DEVICE void follow(float& mean, double sample, double beta) {
  mean = static_cast<float>(beta * static_cast<double>(mean) + (1 - beta) * sample);
}

RONDO_HOST_DEVICE float inverse_root(double x) {
  return static_cast<float>(1 / std::sqrt(x));
}

RONDO_HOST_DEVICE SquareFactors square_factors(const FactoredStep& step) {
  return {.gradient = step.gradient,
          .beta = static_cast<float>(step.beta),
          .epsilon = static_cast<float>(step.epsilon)};
}

/// How far a step goes along a direction of `count` elements with the given sum of squares.
RONDO_HOST_DEVICE MoveFactors move_factors(const FactoredStep& step, const SquareSums& sums,
                                           std::size_t count, bool decays) {
  const double value_scale = std::sqrt(sums.value / static_cast<double>(count));
  const double direction_scale = std::sqrt(sums.direction / static_cast<double>(count));
  const double length = std::max(step.smallest_scale, value_scale) * step.relative_step /
                        std::max(1.0, direction_scale / step.clip_threshold);
  return {.gradient = step.gradient,
          .keep = static_cast<float>(1 - (decays ? step.decay : 0.0)),
          .length = static_cast<float>(length)};
}

}  // namespace rondo::optim::kernel
