// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Fifty random steps against the same formulas in double precision.
#include <cmath>

#include <gtest/gtest.h>

#include "rondo/optim/adam.hpp"
#include "rondo/optim/sgd.hpp"

#include "optim/parameters.hpp"

namespace rondo::optim {
namespace {

constexpr std::size_t elements = 1001;
constexpr unsigned steps = 50;
constexpr float lr = 0.01F;
constexpr float grad_scale = 0.25F;

/// One parameter in double precision; the constants are those that f32 holds.
struct OracleSgd {
  double momentum, decay;
  bool nesterov;
  double velocity = 0;

  double step(double w, double grad, unsigned /*step*/) {
    const double g = grad * grad_scale + decay * w;
    velocity = momentum * velocity + g;
    return w - lr * (nesterov ? g + momentum * velocity : velocity);
  }
};

struct OracleAdamW {
  double beta1, beta2, epsilon, decay;
  double mean = 0, square = 0;

  double step(double w, double grad, unsigned step) {
    const double g = grad * grad_scale;
    mean = beta1 * mean + (1 - beta1) * g;
    square = beta2 * square + (1 - beta2) * g * g;
    const double mean_hat = mean / (1 - std::pow(beta1, step));
    const double square_hat = square / (1 - std::pow(beta2, step));
    return w - lr * (mean_hat / (std::sqrt(square_hat) + epsilon) + decay * w);
  }
};

/// An update moves a value by at most a few lr and each step rounds a value of order 1 a few times:
/// 50 steps stay within 50 * 4 ulps of 1.
constexpr double tolerance_of_all_steps = 50 * 4 * 0x1p-23;

template <class Oracle>
void expect_follows(const Optimizer& optimizer, const Oracle& fresh) {
  Parameters parameters(optimizer, random_floats(elements, 1));
  std::vector<Oracle> oracles(elements, fresh);
  std::vector<double> expected(parameters.values().begin(), parameters.values().end());
  for (unsigned step = 1; step <= steps; ++step) {
    parameters.grads() = random_floats(elements, 100 + step);
    optimizer.update(parameters.all(), {.step = step, .lr = lr, .grad_scale = grad_scale});
    for (std::size_t i = 0; i < elements; ++i)
      expected[i] = oracles[i].step(expected[i], parameters.grads()[i], step);
  }
  for (std::size_t i = 0; i < elements; ++i)
    ASSERT_NEAR(parameters.values()[i], expected[i], tolerance_of_all_steps) << "element " << i;
}

TEST(Sgd, follows_the_double_precision_oracle) {
  for (const float momentum : {0.0F, 0.9F})
    for (const float decay : {0.0F, 0.01F})
      expect_follows(Sgd({.momentum = momentum, .weight_decay = decay}),
                     OracleSgd{momentum, decay, false});
  expect_follows(Sgd({.momentum = 0.9F, .nesterov = true, .weight_decay = 0.01F}),
                 OracleSgd{0.9F, 0.01F, true});
}

TEST(AdamW, follows_the_double_precision_oracle) {
  for (const float decay : {0.0F, 0.1F})
    expect_follows(AdamW({.weight_decay = decay}), OracleAdamW{0.9F, 0.999F, 1e-8F, decay});
  expect_follows(AdamW({.beta1 = 0.8F, .beta2 = 0.95F, .epsilon = 1e-3F}),
                 OracleAdamW{0.8F, 0.95F, 1e-3F, 0});
}

}  // namespace
}  // namespace rondo::optim
