// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/schedule.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "optim/checks.hpp"

namespace rondo::optim {

Schedule Schedule::constant(float lr) {
  require_non_negative(lr, "learning rate");
  // Past its end from the start, at the whole of its peak.
  return Schedule({.peak = lr, .final_fraction = 1.0F});
}

Schedule Schedule::warmup_cosine(const WarmupCosine& options) {
  require_non_negative(options.peak, "learning rate");
  if (!(options.final_fraction >= 0.0F && options.final_fraction <= 1.0F))
    throw ConfigError(
        fmt::format("the final fraction of the learning rate must be in [0, 1], found {}",
                    options.final_fraction));
  if (options.warmup_steps > options.total_steps)
    throw ConfigError(fmt::format(
        "{} warm-up steps do not fit into {} steps: shorten the warm-up or train longer",
        options.warmup_steps, options.total_steps));
  return Schedule(options);
}

float Schedule::at(std::uint64_t step) const {
  const auto [peak, warmup_steps, total_steps, final_fraction] = options_;
  if (step >= total_steps) return peak * final_fraction;
  if (step < warmup_steps)
    return static_cast<float>(static_cast<double>(peak) * static_cast<double>(step + 1) /
                              static_cast<double>(warmup_steps + 1));
  const double progress =
      static_cast<double>(step - warmup_steps) / static_cast<double>(total_steps - warmup_steps);
  const double remaining = (1.0 + std::cos(std::numbers::pi * progress)) / 2.0;
  const auto fraction = static_cast<double>(final_fraction);
  return static_cast<float>(static_cast<double>(peak) * (fraction + (1.0 - fraction) * remaining));
}

}  // namespace rondo::optim
