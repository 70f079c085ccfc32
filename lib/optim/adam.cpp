// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/adam.hpp"

#include <cmath>
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "optim/adam_kind.hpp"
#include "optim/blocks.hpp"
#include "optim/checks.hpp"

namespace rondo::optim {
namespace {

/// 1 / (1 - beta^step), which makes up for the moments' start at zero.
float bias_correction(float beta, std::uint64_t step) {
  return static_cast<float>(1.0 /
                            (1.0 - std::pow(static_cast<double>(beta), static_cast<double>(step))));
}

struct Corrections {
  float beta1;
  float beta2;
  std::uint64_t step;
  float mean;
  float square;
};

/// Kept by every thread: a step asks for the same ones in each of its many ranges, of which the
/// short ones take no longer than two powers.
const Corrections& corrections(const AdamOptions& options, std::uint64_t step) {
  thread_local Corrections last{.beta1 = 0, .beta2 = 0, .step = 0, .mean = 1, .square = 1};
  if (last.beta1 != options.beta1 || last.beta2 != options.beta2 || last.step != step)
    last = {.beta1 = options.beta1,
            .beta2 = options.beta2,
            .step = step,
            .mean = bias_correction(options.beta1, step),
            .square = bias_correction(options.beta2, step)};
  return last;
}

kernel::Streams<3, 1> streams_of(const UpdateRange& range) {
  return {.written = {range.value.data(), range.slots[0].data(), range.slots[1].data()},
          .read = {range.grad.data()},
          .count = range.value.size()};
}

}  // namespace

void check_adam_options(const AdamOptions& options, std::string_view rule) {
  const std::string prefix = std::string(rule) + ": ";
  require_below(options.beta1, 1.0F, prefix + "beta1");
  require_below(options.beta2, 1.0F, prefix + "beta2");
  // An epsilon of 0 would divide 0 by 0 where there is no gradient.
  require_positive(options.epsilon, prefix + "epsilon");
  require_non_negative(options.weight_decay, prefix + "weight decay");
}

std::string adam_text(const AdamOptions& options, std::string_view rule) {
  return fmt::format("{}, betas {} and {}, epsilon {}, weight decay {}", rule, options.beta1,
                     options.beta2, options.epsilon, options.weight_decay);
}

kernel::AdamFactors adam_factors(const AdamOptions& options, const UpdateRange& range,
                                 const StepContext& context) {
  const Corrections& correction = corrections(options, context.step);
  return {.gradient = kernel::Gradient(context),
          .lr = context.lr,
          .beta1 = options.beta1,
          .beta2 = options.beta2,
          .mean_correction = correction.mean,
          .square_correction = correction.square,
          .epsilon = options.epsilon,
          .decay = range.decays ? options.weight_decay : 0.0F};
}

Adam::Adam(const Options& options) : options_(options) {
  check_adam_options(options, name());
}

std::string Adam::text() const {
  return adam_text(options_, name());
}

std::span<const std::string_view> Adam::slot_names() const noexcept {
  return moment_slots;
}

void Adam::update(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  const kernel::AdamFactors factors = adam_factors(options_, range, context);
  update_blocks(range, context, streams_of(range),
                [&](const auto& block) { kernel::adam(block, factors); });
}

AdamW::AdamW(const Options& options) : options_(options) {
  check_adam_options(options, name());
}

std::string AdamW::text() const {
  return adam_text(options_, name());
}

std::span<const std::string_view> AdamW::slot_names() const noexcept {
  return moment_slots;
}

void AdamW::update(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  const kernel::AdamFactors factors = adam_factors(options_, range, context);
  update_blocks(range, context, streams_of(range),
                [&](const auto& block) { kernel::adamw(block, factors); });
}

}  // namespace rondo::optim
