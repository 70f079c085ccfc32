// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/lion.hpp"

#include <array>

#include <fmt/format.h>

#include "optim/blocks.hpp"
#include "optim/checks.hpp"
#include "optim/kernels/rules.hpp"

namespace rondo::optim {
namespace {

constexpr std::array<std::string_view, 1> mean_slot{"mean"};

}  // namespace

Lion::Lion(const Options& options) : options_(options) {
  require_below(options.beta1, 1.0F, "lion: beta1");
  require_below(options.beta2, 1.0F, "lion: beta2");
  require_non_negative(options.weight_decay, "lion: weight decay");
}

std::string Lion::text() const {
  return fmt::format("lion, betas {} and {}, weight decay {}", options_.beta1, options_.beta2,
                     options_.weight_decay);
}

std::span<const std::string_view> Lion::slot_names() const noexcept {
  return mean_slot;
}

void Lion::update(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  const kernel::LionFactors factors{.gradient = kernel::Gradient(context),
                                    .lr = context.lr,
                                    .beta1 = options_.beta1,
                                    .beta2 = options_.beta2,
                                    .decay = range.decays ? options_.weight_decay : 0.0F};
  const kernel::Streams<2, 1> streams{.written = {range.value.data(), range.slots[0].data()},
                                      .read = {range.grad.data()},
                                      .count = range.value.size()};
  update_blocks(range, context, streams, [&](const auto& block) { kernel::lion(block, factors); });
}

}  // namespace rondo::optim
