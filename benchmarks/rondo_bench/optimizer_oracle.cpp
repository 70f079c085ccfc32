// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/optimizer_oracle.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rondo/base/error.hpp"

namespace rondo::bench {
namespace {

using Doubles = std::vector<double>;

constexpr double momentum = measured_options.momentum;
constexpr double decay = measured_options.weight_decay;
constexpr double beta1 = measured_options.beta1;

Doubles widened(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

double norm(const Doubles& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

/// w - length * direction, with direction(i) of every element.
template <class Direction>
Doubles moved(const ParameterState& before, double length, Direction direction) {
  Doubles values = widened(before.value);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] -= length * direction(i);
  return values;
}

Doubles sgd(const ParameterState& before, double lr, double local_rate) {
  return moved(before, lr, [&](std::size_t i) {
    const double g =
        static_cast<double>(before.grad[i]) + decay * static_cast<double>(before.value[i]);
    return momentum * static_cast<double>(before.slots[0][i]) + local_rate * g;
  });
}

Doubles lars(const ParameterState& before, double lr) {
  const double length = norm(widened(before.value));
  const double trust = static_cast<double>(0.001F);
  return sgd(before, lr, trust * length / (norm(widened(before.grad)) + decay * length));
}

Doubles lion(const ParameterState& before, double lr) {
  return moved(before, lr, [&](std::size_t i) {
    const double mean = beta1 * static_cast<double>(before.slots[0][i]) +
                        (1 - beta1) * static_cast<double>(before.grad[i]);
    return static_cast<double>((mean > 0) - (mean < 0)) +
           decay * static_cast<double>(before.value[i]);
  });
}

/// Adam's direction for a gradient that already holds coupled decay.
double adam_direction(const ParameterState& before, std::size_t i, double g, double step,
                      double epsilon) {
  const double beta2 = 0.999F;
  const double mean = beta1 * static_cast<double>(before.slots[0][i]) + (1 - beta1) * g;
  const double square = beta2 * static_cast<double>(before.slots[1][i]) + (1 - beta2) * g * g;
  return mean / (1 - std::pow(beta1, step)) /
         (std::sqrt(square / (1 - std::pow(beta2, step))) + epsilon);
}

Doubles adam(const ParameterState& before, double lr, double step) {
  return moved(before, lr, [&](std::size_t i) {
    const double g =
        static_cast<double>(before.grad[i]) + decay * static_cast<double>(before.value[i]);
    return adam_direction(before, i, g, step, 1e-8F);
  });
}

Doubles adamw_direction(const ParameterState& before, double step, double epsilon) {
  Doubles direction(before.value.size());
  for (std::size_t i = 0; i < direction.size(); ++i)
    direction[i] = adam_direction(before, i, static_cast<double>(before.grad[i]), step, epsilon) +
                   decay * static_cast<double>(before.value[i]);
  return direction;
}

Doubles adamw(const ParameterState& before, double lr, double step) {
  const Doubles direction = adamw_direction(before, step, 1e-8F);
  return moved(before, lr, [&](std::size_t i) { return direction[i]; });
}

Doubles lamb(const ParameterState& before, double lr, double step) {
  const Doubles direction = adamw_direction(before, step, 1e-6F);
  const double ratio = norm(widened(before.value)) / norm(direction);
  return moved(before, lr * ratio, [&](std::size_t i) { return direction[i]; });
}

/// Second moments after the step, of rows (`stride` 1) or columns.
Doubles adafactor_moments(const ParameterState& before, const rondo::Shape& shape, std::size_t slot,
                          double step) {
  Doubles sums(shape[slot]);
  for (std::size_t i = 0; i < before.grad.size(); ++i) {
    const double g = before.grad[i];
    sums[slot == 0 ? i / shape[1] : i % shape[1]] += g * g;
  }
  const double beta = 1 - std::pow(step, -0.8);
  for (std::size_t k = 0; k < sums.size(); ++k)
    sums[k] = beta * static_cast<double>(before.slots[slot][k]) +
              (1 - beta) * sums[k] / static_cast<double>(shape[1 - slot]);
  return sums;
}

Doubles adafactor(const ParameterState& before, const rondo::Shape& shape, double lr, double step) {
  const Doubles rows = adafactor_moments(before, shape, 0, step);
  const Doubles columns = adafactor_moments(before, shape, 1, step);
  const double mean =
      std::accumulate(rows.begin(), rows.end(), 0.0) / static_cast<double>(rows.size());
  Doubles direction = widened(before.grad);
  for (std::size_t i = 0; i < direction.size(); ++i)
    direction[i] /= std::sqrt(rows[i / shape[1]] * columns[i % shape[1]] / mean);
  const double root_count = std::sqrt(static_cast<double>(direction.size()));
  const double length = std::max(1e-3, norm(widened(before.value)) / root_count) *
                        std::min(lr, 1 / std::sqrt(step)) /
                        std::max(1.0, norm(direction) / root_count);
  Doubles values = moved(before, length, [&](std::size_t i) { return direction[i]; });
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] -= lr * decay * static_cast<double>(before.value[i]);
  return values;
}

}  // namespace

std::vector<double> oracle_step(std::string_view rule, const ParameterState& before,
                                const rondo::Shape& shape, const optim::StepContext& context) {
  const double lr = context.lr;
  const auto step = static_cast<double>(context.step);
  if (rule == "sgd") return sgd(before, lr, 1);
  if (rule == "lars") return lars(before, lr);
  if (rule == "lion") return lion(before, lr);
  if (rule == "adam") return adam(before, lr, step);
  if (rule == "adamw") return adamw(before, lr, step);
  if (rule == "lamb") return lamb(before, lr, step);
  if (rule == "adafactor") return adafactor(before, shape, lr, step);
  throw UsageError("there is no oracle for '" + std::string(rule) + "'");
}

}  // namespace rondo::bench
