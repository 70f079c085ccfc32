// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/loss_scaler.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::precision {
namespace {

void check(const LossScaler::Options& options) {
  const bool ordered = options.min > 0.0F && options.min <= options.initial &&
                       options.initial <= options.max && std::isfinite(options.max);
  if (!ordered)
    throw ConfigError(
        fmt::format("loss scale: 0 < min <= initial <= max must hold, found {}, {}, {}",
                    options.min, options.initial, options.max));
  if (!(options.growth >= 1.0F && options.backoff > 0.0F && options.backoff <= 1.0F))
    throw ConfigError(
        fmt::format("loss scale: growth must be at least 1 and backoff in (0, 1], found {} and {}",
                    options.growth, options.backoff));
  if (options.growth_interval < 1)
    throw ConfigError(
        fmt::format("loss scale: the growth interval must be at least 1 step, found {}",
                    options.growth_interval));
}

}  // namespace

LossScaler::LossScaler(Options options) : options_(options), state_{options.initial, 0} {
  check(options);
}

LossScaler LossScaler::fixed(float scale) {
  return LossScaler(Options{.initial = scale, .min = scale, .max = scale});
}

bool LossScaler::update(bool overflowed) noexcept {
  if (overflowed) {
    state_ = {std::max(options_.min, state_.scale * options_.backoff), 0};
    return false;
  }
  if (++state_.clean_steps == options_.growth_interval)
    state_ = {std::min(options_.max, state_.scale * options_.growth), 0};
  return true;
}

void LossScaler::restore(const State& state) {
  if (!(state.scale >= options_.min && state.scale <= options_.max))
    throw ConfigError(fmt::format(
        "loss scale {} is outside of [{}, {}] of this run: resume with the precision and "
        "the loss scaling that the checkpoint was written with",
        state.scale, options_.min, options_.max));
  if (state.clean_steps < 0 || state.clean_steps >= options_.growth_interval)
    throw ConfigError(
        fmt::format("loss scale: {} clean steps are not possible with an interval of {}",
                    state.clean_steps, options_.growth_interval));
  state_ = state;
}

}  // namespace rondo::precision
