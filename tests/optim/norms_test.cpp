// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Rules that must see more of a parameter than an element: LAMB, LARS, Adafactor.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/optim/adafactor.hpp"
#include "rondo/optim/adam.hpp"
#include "rondo/optim/lamb.hpp"
#include "rondo/optim/lars.hpp"
#include "rondo/optim/sgd.hpp"

#include "optim/parameters.hpp"

namespace rondo::optim {
namespace {

constexpr StepContext context{.step = 1, .lr = 0.1F};

SquareSums measured(const Optimizer& rule, std::size_t begin, std::size_t count) {
  Parameters parameters(rule, random_floats(5000, 1));
  parameters.grads() = random_floats(5000, 2);
  return rule.measure(parameters.range(begin, count), context);
}

TEST(Lars, measures_values_and_scaled_clipped_gradients) {
  const Lars rule({});
  Parameters parameters(rule, {1, 2, 3});
  parameters.grads() = {1, -8, 4};

  const SquareSums sums =
      rule.measure(parameters.all(), {.lr = 0.1F, .grad_scale = 0.5F, .clip_value = 3});

  EXPECT_EQ(sums, (SquareSums{14, 0.25 + 9 + 4}));
}

TEST(Scope, of_norms_measures_pieces_that_add_up_to_the_whole) {
  for (const auto* const name : {"lamb", "lars"}) {
    const auto rule = make_optimizer(name, {.momentum = 0.9F, .weight_decay = 0.1F});
    const SquareSums whole = measured(*rule, 0, 5000);
    const SquareSums sum =
        measured(*rule, 0, 1025) + measured(*rule, 1025, 3) + measured(*rule, 1028, 3972);

    EXPECT_NEAR(sum.value, whole.value, 1e-12 * whole.value) << name;
    EXPECT_NEAR(sum.direction, whole.direction, 1e-12 * whole.direction) << name;
    EXPECT_GT(whole.direction, 0) << name;
  }
}

TEST(Scope, of_elements_measures_nothing) {
  EXPECT_EQ(measured(AdamW({}), 0, 5000), SquareSums{});
}

/// The values after one step.
std::vector<float> stepped(const Optimizer& rule, std::vector<float> values,
                           const std::vector<float>& grads) {
  Parameters parameters(rule, std::move(values));
  parameters.grads() = grads;
  take_step(rule, parameters.all(), context);
  return parameters.values();
}

TEST(TrustRatio, is_one_for_weights_of_zero) {
  const std::vector<float> zeros(7);
  const std::vector<float> grads = random_floats(7, 1);

  EXPECT_EQ(stepped(Lamb({.weight_decay = 0.1F}), zeros, grads),
            stepped(AdamW({.weight_decay = 0.1F}), zeros, grads));
  EXPECT_EQ(stepped(Lars({.weight_decay = 0.1F}), zeros, grads),
            stepped(Sgd({.momentum = 0.9F, .weight_decay = 0.1F}), zeros, grads));
}

TEST(TrustRatio, is_one_for_gradients_of_zero) {
  const std::vector<float> zeros(7);
  const std::vector<float> values = random_floats(7, 1);

  EXPECT_EQ(stepped(Lamb({}), values, zeros), values);
  EXPECT_EQ(stepped(Lars({.weight_decay = 0.1F}), values, zeros),
            stepped(Sgd({.momentum = 0.9F, .weight_decay = 0.1F}), values, zeros));
}

TEST(TrustRatio, makes_the_step_as_long_as_the_weights) {
  const std::vector<float> values{3, 4};
  const std::vector<float> moved = stepped(Lamb({}), values, {1, -1});

  EXPECT_NEAR(std::hypot(moved[0] - 3, moved[1] - 4), 0.1 * 5, 1e-6);
}

TEST(Adafactor, keeps_rows_and_columns_of_matrices_and_squares_of_vectors) {
  const Adafactor rule({});

  EXPECT_THAT(rule.slot_names(), testing::ElementsAre("row", "column", "square"));
  EXPECT_EQ(rule.slot_shape(0, {3, 5, 2, 2}), (Shape{3}));
  EXPECT_EQ(rule.slot_shape(1, {3, 5, 2, 2}), (Shape{20}));
  EXPECT_EQ(element_count(rule.slot_shape(2, {3, 5, 2, 2})), 0U);
  EXPECT_EQ(element_count(rule.slot_shape(0, {7})), 0U);
  EXPECT_EQ(element_count(rule.slot_shape(1, {7})), 0U);
  EXPECT_EQ(rule.slot_shape(2, {7}), (Shape{7}));
  EXPECT_EQ(rule.slot_shape(2, {}), Shape{});
}

TEST(Adafactor, takes_more_dimensions_as_a_matrix_of_the_first_and_the_rest) {
  const Adafactor rule({});
  Parameters matrix(rule, random_floats(60, 1), {3, 20});
  Parameters tensor(rule, random_floats(60, 1), {3, 5, 2, 2});
  for (Parameters* const parameters : {&matrix, &tensor}) {
    parameters->grads() = random_floats(60, 2);
    take_step(rule, parameters->all(), context);
  }

  EXPECT_EQ(matrix.values(), tensor.values());
}

/// The means of g^2 over the columns and over the rows of a matrix.
struct MeanSquares {
  std::vector<double> of_rows;
  std::vector<double> of_columns;

  MeanSquares(const std::vector<float>& grads, std::size_t rows, std::size_t columns)
      : of_rows(rows), of_columns(columns) {
    for (std::size_t i = 0; i < grads.size(); ++i) {
      const double square = static_cast<double>(grads[i]) * static_cast<double>(grads[i]);
      of_rows[i / columns] += square / static_cast<double>(columns);
      of_columns[i % columns] += square / static_cast<double>(rows);
    }
  }
};

TEST(Adafactor, adds_up_several_slices_of_rows_and_strips_of_columns) {
  constexpr std::size_t rows = 131;
  constexpr std::size_t columns = 2051;
  const Adafactor rule({});
  Parameters parameters(rule, std::vector<float>(rows * columns, 1.0F), {rows, columns});
  parameters.grads() = random_floats(rows * columns, 3);
  const MeanSquares expected(parameters.grads(), rows, columns);
  take_step(rule, parameters.all(), context);

  // The first step's means are those of its gradient, and its direction is 1 long in the mean.
  EXPECT_THAT(parameters.slot(0), testing::Pointwise(testing::FloatNear(1e-7F), expected.of_rows));
  EXPECT_THAT(parameters.slot(1),
              testing::Pointwise(testing::FloatNear(1e-7F), expected.of_columns));
  double length = 0;
  for (const float value : parameters.values())
    length += std::pow(static_cast<double>(value) - 1, 2);
  EXPECT_NEAR(std::sqrt(length / (rows * columns)), 0.1, 1e-3);
}

TEST(Adafactor, keeps_a_parameter_without_gradient) {
  for (const Shape& shape : {Shape{6}, Shape{2, 3}}) {
    const Adafactor rule({});
    Parameters parameters(rule, {1, 2, 3, 4, 5, 6}, shape);
    take_step(rule, parameters.all(), context);

    EXPECT_THAT(parameters.values(), testing::ElementsAre(1, 2, 3, 4, 5, 6));
  }
}

}  // namespace
}  // namespace rondo::optim
