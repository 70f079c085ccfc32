// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/adamw.hpp"

#include <array>
#include <cmath>
#include <cstddef>

#include "rondo/base/error.hpp"

#include "optim/checks.hpp"

namespace rondo::optim {
namespace {

constexpr std::array<std::string_view, 2> moment_slots{"mean", "square"};

/// 1 / (1 - beta^step), which makes up for the moments' start at zero.
float bias_correction(float beta, std::uint64_t step) {
  return static_cast<float>(1.0 /
                            (1.0 - std::pow(static_cast<double>(beta), static_cast<double>(step))));
}

}  // namespace

AdamW::AdamW(const Options& options) : options_(options) {
  require_below(options.beta1, 1.0F, "adamw: beta1");
  require_below(options.beta2, 1.0F, "adamw: beta2");
  require_non_negative(options.epsilon, "adamw: epsilon");
  require_non_negative(options.weight_decay, "adamw: weight decay");
  if (options.epsilon == 0.0F)
    throw ConfigError("adamw: epsilon must be above 0: a gradient of 0 would divide 0 by 0");
}

std::span<const std::string_view> AdamW::slot_names() const noexcept {
  return moment_slots;
}

void AdamW::update(const UpdateRange& range, const StepContext& context) const {
  require_equal_lengths(range, moment_slots.size());
  require(context.step >= 1, "adamw: steps count from 1");
  const auto [beta1, beta2, epsilon, weight_decay] = options_;
  const float mean_correction = bias_correction(beta1, context.step);
  const float square_correction = bias_correction(beta2, context.step);
  const float decay = range.decays ? weight_decay : 0.0F;
  const auto [step, lr, grad_scale, clip_value, seed] = context;

  float* const value = range.value.data();
  const float* const grad = range.grad.data();
  float* const mean = range.slots[0].data();
  float* const square = range.slots[1].data();
  for (std::size_t i = 0; i < range.value.size(); ++i) {
    const float g = clipped(grad[i] * grad_scale, clip_value);
    const float m = beta1 * mean[i] + (1.0F - beta1) * g;
    const float v = beta2 * square[i] + (1.0F - beta2) * (g * g);
    mean[i] = m;
    square[i] = v;
    const float direction = m * mean_correction / (std::sqrt(v * square_correction) + epsilon);
    value[i] -= lr * (direction + decay * value[i]);
  }
  store_copy(range);
}

}  // namespace rondo::optim
