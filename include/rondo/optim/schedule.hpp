// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace rondo::optim {

/// The learning rate as a pure function of the step: nothing to save, nothing to skip.
class Schedule {
 public:
  struct WarmupCosine {
    float peak = 0.0F;
    std::uint64_t warmup_steps = 0;
    std::uint64_t total_steps = 0;
    float final_fraction = 0.0F;  ///< of the peak, from total_steps on
  };

  /// \throws ConfigError  unless 0 <= lr is finite
  static Schedule constant(float lr);

  /// A straight rise to `peak`, then half a cosine down to `final_fraction * peak` (Loshchilov and
  /// Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017, equation 5, one
  /// cycle). With w = warmup_steps and n = total_steps:
  ///
  ///     at(s) = peak * (s + 1) / (w + 1)                                            s < w
  ///     at(s) = peak * (f + (1 - f) * (1 + cos(pi * (s - w) / (n - w))) / 2)   w <= s < n
  ///     at(s) = peak * f                                                       n <= s
  ///
  /// \throws ConfigError  warm-up longer than the total, a peak below 0, a fraction outside [0, 1]
  static Schedule warmup_cosine(const WarmupCosine& options);

  /// The learning rate of the step that follows `step` completed ones.
  float at(std::uint64_t step) const;

 private:
  explicit Schedule(const WarmupCosine& options) : options_(options) {}
  WarmupCosine options_;
};

}  // namespace rondo::optim
