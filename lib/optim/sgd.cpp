// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/sgd.hpp"

#include <array>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "optim/blocks.hpp"
#include "optim/checks.hpp"
#include "optim/kernels/rules.hpp"

namespace rondo::optim {
namespace {

constexpr std::array<std::string_view, 1> momentum_slot{"momentum"};

void descend(const UpdateRange& range, const StepContext& context,
             const kernel::SgdFactors& factors) {
  const kernel::Streams<1, 1> streams{
      .written = {range.value.data()}, .read = {range.grad.data()}, .count = range.value.size()};
  update_blocks(range, context, streams, [&](const auto& block) { kernel::sgd(block, factors); });
}

void descend_with_momentum(const UpdateRange& range, const StepContext& context,
                           const kernel::SgdFactors& factors, bool nesterov) {
  const kernel::Streams<2, 1> streams{.written = {range.value.data(), range.slots[0].data()},
                                      .read = {range.grad.data()},
                                      .count = range.value.size()};
  update_blocks(range, context, streams, [&](const auto& block) {
    nesterov ? kernel::nesterov(block, factors) : kernel::momentum(block, factors);
  });
}

}  // namespace

Sgd::Sgd(const Options& options) : options_(options) {
  require_below(options.momentum, 1.0F, "sgd: momentum");
  require_non_negative(options.weight_decay, "sgd: weight decay");
  if (options.nesterov && options.momentum == 0.0F)
    throw ConfigError("sgd: nesterov needs a momentum above 0 (0.9 is usual), found 0");
}

std::string Sgd::text() const {
  return fmt::format("sgd, momentum {}, nesterov {}, weight decay {}", options_.momentum,
                     options_.nesterov, options_.weight_decay);
}

std::span<const std::string_view> Sgd::slot_names() const noexcept {
  if (options_.momentum == 0.0F) return {};
  return momentum_slot;
}

void Sgd::update(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  const kernel::SgdFactors factors{.gradient = kernel::Gradient(context),
                                   .lr = context.lr,
                                   .momentum = options_.momentum,
                                   .decay = range.decays ? options_.weight_decay : 0.0F};
  if (options_.momentum == 0.0F) return descend(range, context, factors);
  descend_with_momentum(range, context, factors, options_.nesterov);
}

}  // namespace rondo::optim
