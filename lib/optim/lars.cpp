// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/lars.hpp"

#include <array>

#include <fmt/format.h>

#include "optim/blocks.hpp"
#include "optim/checks.hpp"
#include "optim/kernels/rules.hpp"
#include "optim/kernels/trust.hpp"

namespace rondo::optim {
namespace {

constexpr std::array<std::string_view, 1> momentum_slot{"momentum"};

}  // namespace

Lars::Lars(const Options& options) : options_(options) {
  require_below(options.momentum, 1.0F, "lars: momentum");
  require_non_negative(options.weight_decay, "lars: weight decay");
  require_positive(options.trust_coefficient, "lars: trust coefficient");
}

std::string Lars::text() const {
  return fmt::format("lars, momentum {}, weight decay {}, trust coefficient {}", options_.momentum,
                     options_.weight_decay, options_.trust_coefficient);
}

std::span<const std::string_view> Lars::slot_names() const noexcept {
  return momentum_slot;
}

SquareSums Lars::measure(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  kernel::MeasuredSums sums;
  kernel::measure_lars(
      {.written = {}, .read = {range.value.data(), range.grad.data()}, .count = range.value.size()},
      kernel::Gradient(context), sums);
  return {.value = sums.value.total(), .direction = sums.direction.total()};
}

void Lars::update(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  const kernel::SgdFactors factors{
      .gradient = kernel::Gradient(context),
      .lr = context.lr,
      .momentum = options_.momentum,
      .decay = range.decays ? options_.weight_decay : 0.0F,
      .local_rate = kernel::lars_rate(range.sums, range.decays, options_.trust_coefficient,
                                      options_.weight_decay)};
  const kernel::Streams<2, 1> streams{.written = {range.value.data(), range.slots[0].data()},
                                      .read = {range.grad.data()},
                                      .count = range.value.size()};
  update_blocks(range, context, streams,
                [&](const auto& block) { kernel::momentum(block, factors); });
}

}  // namespace rondo::optim
