// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Three steps of one parameter, worked out by hand from the formulas in the headers.
#include <array>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "rondo/optim/adam.hpp"
#include "rondo/optim/lion.hpp"
#include "rondo/optim/sgd.hpp"

#include "optim/parameters.hpp"

namespace rondo::optim {
namespace {

using Three = std::array<float, 3>;

/// The value after each of three steps at learning rate 0.1.
Three three_steps(const Optimizer& optimizer, float start, const Three& grads, bool decays = true,
                  float grad_scale = 1) {
  Parameters parameters(optimizer, {start});
  Three values{};
  for (std::size_t i = 0; i < 3; ++i) {
    parameters.grads()[0] = grads[i];
    UpdateRange range = parameters.all();
    range.decays = decays;
    take_step(optimizer, range, {.step = i + 1, .lr = 0.1F, .grad_scale = grad_scale});
    values[i] = parameters.values()[0];
  }
  return values;
}

void expect_near(const Three& found, const std::array<double, 3>& expected) {
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(found[i], expected[i], 3e-7) << "step " << i + 1;
}

TEST(Sgd, takes_the_hand_computed_steps) {
  expect_near(three_steps(Sgd({}), 1, {1, -2, 3}), {0.9, 1.1, 0.8});
}

TEST(Sgd, with_momentum_takes_the_hand_computed_steps) {
  // v = 1, 1.9, 2.71
  expect_near(three_steps(Sgd({.momentum = 0.9F}), 1, {1, 1, 1}), {0.9, 0.71, 0.439});
}

TEST(Sgd, with_nesterov_momentum_takes_the_hand_computed_steps) {
  // g + 0.9 v = 1.9, 2.71, 3.439
  expect_near(three_steps(Sgd({.momentum = 0.9F, .nesterov = true}), 1, {1, 1, 1}),
              {0.81, 0.539, 0.1951});
}

TEST(Sgd, couples_weight_decay_into_the_gradient) {
  const Sgd plain({.weight_decay = 0.5F});
  const Sgd with_momentum({.momentum = 0.5F, .weight_decay = 0.1F});

  expect_near(three_steps(plain, 1, {0, 0, 0}), {0.95, 0.9025, 0.857375});
  // g = 1.2, 1.188, 1.17012; v = 1.2, 1.788, 2.06412
  expect_near(three_steps(with_momentum, 2, {1, 1, 1}), {1.88, 1.7012, 1.494788});
}

TEST(AdamW, takes_the_hand_computed_steps) {
  // m-hat = 1, -1/3, 1; v-hat = 1, 1, 85/37; direction = 1, -1/3, sqrt(37/85) = 0.6597682
  const AdamW plain({.beta1 = 0.5F, .beta2 = 0.75F});
  const AdamW decaying({.beta1 = 0.5F, .beta2 = 0.75F, .weight_decay = 0.5F});

  expect_near(three_steps(plain, 1, {1, -1, 2}), {0.9, 0.9333333, 0.8673565});
  expect_near(three_steps(decaying, 1, {1, -1, 2}), {0.85, 0.8408333, 0.7328148});
}

TEST(Lion, does_not_turn_a_gradient_that_is_no_number_into_a_direction) {
  const auto [first, second, third] =
      three_steps(Lion({}), 1, {std::numeric_limits<float>::quiet_NaN(), 0, 0});

  EXPECT_TRUE(std::isnan(first) && std::isnan(second) && std::isnan(third));
}

TEST(AdamW, keeps_a_parameter_without_gradient) {
  EXPECT_EQ(three_steps(AdamW({}), 3, {0, 0, 0}), (Three{3, 3, 3}));
}

TEST(Optimizers, leave_out_weight_decay_where_the_range_does_not_decay) {
  const Three grads{1, -1, 2};
  EXPECT_EQ(three_steps(Sgd({.weight_decay = 0.5F}), 1, grads, false),
            three_steps(Sgd({}), 1, grads));
  EXPECT_EQ(three_steps(Sgd({.momentum = 0.9F, .weight_decay = 0.5F}), 1, grads, false),
            three_steps(Sgd({.momentum = 0.9F}), 1, grads));
  EXPECT_EQ(three_steps(AdamW({.weight_decay = 0.5F}), 1, grads, false),
            three_steps(AdamW({}), 1, grads));
}

TEST(Optimizers, scale_the_gradient_first) {
  for (const auto name : optimizer_names()) {
    const auto optimizer = make_optimizer(name, {.momentum = 0.9F, .weight_decay = 0.1F});

    EXPECT_EQ(three_steps(*optimizer, 1, {4, -8, 12}, true, 0.25F),
              three_steps(*optimizer, 1, {1, -2, 3}))
        << name;
  }
}

}  // namespace
}  // namespace rondo::optim
