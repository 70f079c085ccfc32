// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace rondo::optim {

/// What describes any schedule; each takes what its factory names.
struct ScheduleOptions {
  float peak = 0.0F;               ///< the highest learning rate
  std::uint64_t warmup_steps = 0;  ///< all but one-cycle may have none
  std::uint64_t total_steps = 0;   ///< all but constant and step
  float final_fraction = 0.0F;     ///< of the peak, from total_steps on
  std::uint64_t decay_steps = 0;   ///< wsd: the last of total_steps, in which the rate falls
  double power = 1.0;              ///< polynomial
  std::uint64_t drop_steps = 0;    ///< step: from one drop to the next
  double drop_factor = 0.1;        ///< step
  float start_fraction = 0.04F;    ///< one-cycle: of the peak, at step 0
};

/// The learning rate as a pure function of the step: nothing to save, nothing to skip.
///
/// With s the step from 0, w = warmup_steps, n = total_steps, f = final_fraction, every schedule
/// but one_cycle rises in a straight line, so that no step has a rate of 0:
///
///     at(s) = peak * (s + 1) / (w + 1)                              s < w
///
/// Of what follows, linear, cosine and polynomial are peak * (f + (1 - f) * remaining(p)) with
/// p = (s - w) / (n - w) while s < n, and peak * f from n on.
///
/// The factories \throw ConfigError: a peak or factor below 0, a fraction outside [0, 1], a warm-up
/// (and fall) longer than the total, a length of 0 where one is needed.
class Schedule {
 public:
  /// Nothing but the warm-up: peak.
  static Schedule constant(const ScheduleOptions& options);
  static Schedule constant(float lr) { return constant(ScheduleOptions{.peak = lr}); }

  /// remaining(p) = 1 - p
  static Schedule linear(const ScheduleOptions& options);

  /// remaining(p) = (1 + cos(pi p)) / 2: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent
  /// with Warm Restarts" (ICLR 2017), equation 5, one cycle.
  static Schedule cosine(const ScheduleOptions& options);

  /// remaining(p) = (1 - p)^power
  static Schedule polynomial(const ScheduleOptions& options);

  /// peak * drop_factor^k with k = (s - w) / drop_steps rounded down.
  static Schedule step(const ScheduleOptions& options);

  /// Warm-up, stable, decay: peak until n - decay_steps, then linear to peak * f at n. Hu et al.,
  /// "MiniCPM" (2024); the straight fall of Haegele et al., "Scaling Laws and Compute-Optimal
  /// Training Beyond Fixed Training Durations" (NeurIPS 2024).
  static Schedule wsd(const ScheduleOptions& options);

  /// Half a cosine up from peak * start_fraction at 0 to peak at w, half a cosine down to peak * f
  /// at n. Smith and Topin, "Super-Convergence" (2018), with cosines as in PyTorch's OneCycleLR.
  static Schedule one_cycle(const ScheduleOptions& options);

  /// The learning rate of the step that follows `step` completed ones.
  float at(std::uint64_t step) const;

 private:
  enum class Rise : std::uint8_t { straight, cosine };
  enum class Fall : std::uint8_t { none, linear, cosine, polynomial, drops };

  Schedule(const ScheduleOptions& options, Rise rise, Fall fall, std::uint64_t fall_begin);
  static Schedule falling(const ScheduleOptions& options, Fall fall);
  double risen_at(std::uint64_t step) const;
  double fallen_at(std::uint64_t step) const;
  double remaining(double progress) const;

  ScheduleOptions options_;
  Rise rise_;
  Fall fall_;
  std::uint64_t fall_begin_;
};

/// The names that make_schedule knows: constant, cosine, linear, one-cycle, polynomial, step, wsd.
std::span<const std::string_view> schedule_names() noexcept;

/// \throws ConfigError  an unknown name (listing the known ones) or what the factory throws
Schedule make_schedule(std::string_view name, const ScheduleOptions& options);

/// The linear scaling rule: the rate that was found for a global batch of `base_batch` samples, for
/// one of `batch`. Goyal et al., "Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour"
/// (2017), to be used with a warm-up. \throws ConfigError  a batch of 0
float linearly_scaled(float lr, std::uint64_t batch, std::uint64_t base_batch);

}  // namespace rondo::optim
