// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/sgd.hpp"

#include <array>
#include <cstddef>

#include "rondo/base/error.hpp"

#include "optim/checks.hpp"

namespace rondo::optim {
namespace {

constexpr std::array<std::string_view, 1> momentum_slot{"momentum"};

/// The constants of one call, in the registers of the loops.
struct Factors {
  float lr;
  float grad_scale;
  float clip_value;
  float momentum;
  float decay;
};

void descend(const UpdateRange& range, const Factors f) {
  float* const value = range.value.data();
  const float* const grad = range.grad.data();
  for (std::size_t i = 0; i < range.value.size(); ++i)
    value[i] -= f.lr * (clipped(grad[i] * f.grad_scale, f.clip_value) + f.decay * value[i]);
}

template <bool nesterov>
void descend_with_momentum(const UpdateRange& range, const Factors f) {
  float* const value = range.value.data();
  const float* const grad = range.grad.data();
  float* const velocity = range.slots[0].data();
  for (std::size_t i = 0; i < range.value.size(); ++i) {
    const float g = clipped(grad[i] * f.grad_scale, f.clip_value) + f.decay * value[i];
    const float v = f.momentum * velocity[i] + g;
    velocity[i] = v;
    value[i] -= f.lr * (nesterov ? g + f.momentum * v : v);
  }
}

}  // namespace

Sgd::Sgd(const Options& options) : options_(options) {
  require_below(options.momentum, 1.0F, "sgd: momentum");
  require_non_negative(options.weight_decay, "sgd: weight decay");
  if (options.nesterov && options.momentum == 0.0F)
    throw ConfigError("sgd: nesterov needs a momentum above 0 (0.9 is usual), found 0");
}

std::span<const std::string_view> Sgd::slot_names() const noexcept {
  if (options_.momentum == 0.0F) return {};
  return momentum_slot;
}

void Sgd::update(const UpdateRange& range, const StepContext& context) const {
  require_equal_lengths(range, slot_names().size());
  const Factors factors{.lr = context.lr,
                        .grad_scale = context.grad_scale,
                        .clip_value = context.clip_value,
                        .momentum = options_.momentum,
                        .decay = range.decays ? options_.weight_decay : 0.0F};
  if (options_.momentum == 0.0F)
    descend(range, factors);
  else if (options_.nesterov)
    descend_with_momentum<true>(range, factors);
  else
    descend_with_momentum<false>(range, factors);
  store_copy(range);
}

}  // namespace rondo::optim
