// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/schedule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"

#include "optim/checks.hpp"

namespace rondo::optim {
namespace {

void require_fraction(float value, std::string_view what) {
  if (!(value >= 0.0F && value <= 1.0F))
    throw ConfigError(
        fmt::format("the {} of the learning rate must be in [0, 1], found {}", what, value));
}

void require_to_fit(std::uint64_t steps, std::string_view what, std::uint64_t total) {
  if (steps > total)
    throw ConfigError(fmt::format("{} {} do not fit into {} steps: shorten them or train longer",
                                  steps, what, total));
}

double quotient(std::uint64_t steps, std::uint64_t of) {
  return static_cast<double>(steps) / static_cast<double>(of);
}

/// From 1 at 0 to 0 at 1.
double half_cosine(double progress) {
  return (1.0 + std::cos(std::numbers::pi * progress)) / 2.0;
}

constexpr std::array<std::string_view, 7> known_schedules{
    "constant", "cosine", "linear", "one-cycle", "polynomial", "step", "wsd"};

}  // namespace

Schedule::Schedule(const ScheduleOptions& options, Rise rise, Fall fall, std::uint64_t fall_begin)
    : options_(options), rise_(rise), fall_(fall), fall_begin_(fall_begin) {
  require_non_negative(options.peak, "learning rate");
  require_fraction(options.final_fraction, "final fraction");
  require_fraction(options.start_fraction, "start fraction");
}

Schedule Schedule::falling(const ScheduleOptions& options, Fall fall) {
  require_to_fit(options.warmup_steps, "warm-up steps", options.total_steps);
  return {options, Rise::straight, fall, options.warmup_steps};
}

Schedule Schedule::constant(const ScheduleOptions& options) {
  return {options, Rise::straight, Fall::none, options.warmup_steps};
}

Schedule Schedule::linear(const ScheduleOptions& options) {
  return falling(options, Fall::linear);
}

Schedule Schedule::cosine(const ScheduleOptions& options) {
  return falling(options, Fall::cosine);
}

Schedule Schedule::polynomial(const ScheduleOptions& options) {
  if (!(options.power > 0 && std::isfinite(options.power)))
    throw ConfigError(
        fmt::format("the power of a polynomial schedule must be above 0, found {}", options.power));
  return falling(options, Fall::polynomial);
}

Schedule Schedule::step(const ScheduleOptions& options) {
  if (options.drop_steps == 0)
    throw ConfigError("a step schedule needs the steps from one drop to the next, found 0");
  if (!(options.drop_factor >= 0 && options.drop_factor <= 1))
    throw ConfigError(fmt::format("the drop factor of a step schedule must be in [0, 1], found {}",
                                  options.drop_factor));
  return {options, Rise::straight, Fall::drops, options.warmup_steps};
}

Schedule Schedule::wsd(const ScheduleOptions& options) {
  require_to_fit(options.warmup_steps, "warm-up steps", options.total_steps);
  require_to_fit(options.decay_steps, "decay steps after the warm-up",
                 options.total_steps - options.warmup_steps);
  return {options, Rise::straight, Fall::linear, options.total_steps - options.decay_steps};
}

Schedule Schedule::one_cycle(const ScheduleOptions& options) {
  if (options.warmup_steps == 0)
    throw ConfigError("a one-cycle schedule needs a warm-up (0.3 of all steps is usual), found 0");
  require_to_fit(options.warmup_steps, "warm-up steps", options.total_steps);
  return {options, Rise::cosine, Fall::cosine, options.warmup_steps};
}

float Schedule::at(std::uint64_t step) const {
  const auto peak = static_cast<double>(options_.peak);
  if (step < options_.warmup_steps) return static_cast<float>(peak * risen_at(step));
  return static_cast<float>(peak * fallen_at(step));
}

/// The share of the peak that a step of the warm-up has.
double Schedule::risen_at(std::uint64_t step) const {
  if (rise_ == Rise::straight) return quotient(step + 1, options_.warmup_steps + 1);
  const auto start = static_cast<double>(options_.start_fraction);
  return 1.0 - (1.0 - start) * half_cosine(quotient(step, options_.warmup_steps));
}

/// The share of the peak that a step after the warm-up has.
double Schedule::fallen_at(std::uint64_t step) const {
  if (fall_ == Fall::none) return 1.0;
  if (fall_ == Fall::drops) {
    const std::uint64_t drops = (step - fall_begin_) / options_.drop_steps;
    return std::pow(options_.drop_factor, static_cast<double>(drops));
  }
  const auto fraction = static_cast<double>(options_.final_fraction);
  if (step >= options_.total_steps) return fraction;
  if (step <= fall_begin_) return 1.0;
  const double progress = quotient(step - fall_begin_, options_.total_steps - fall_begin_);
  return fraction + (1.0 - fraction) * remaining(progress);
}

double Schedule::remaining(double progress) const {
  switch (fall_) {
    case Fall::cosine: return half_cosine(progress);
    case Fall::polynomial: return std::pow(1.0 - progress, options_.power);
    default: return 1.0 - progress;
  }
}

std::span<const std::string_view> schedule_names() noexcept {
  return known_schedules;
}

Schedule make_schedule(std::string_view name, const ScheduleOptions& options) {
  if (name == "constant") return Schedule::constant(options);
  if (name == "cosine") return Schedule::cosine(options);
  if (name == "linear") return Schedule::linear(options);
  if (name == "one-cycle") return Schedule::one_cycle(options);
  if (name == "polynomial") return Schedule::polynomial(options);
  if (name == "step") return Schedule::step(options);
  if (name == "wsd") return Schedule::wsd(options);
  throw ConfigError(fmt::format("unknown schedule '{}': choose one of {}", name,
                                fmt::join(known_schedules, ", ")));
}

float linearly_scaled(float lr, std::uint64_t batch, std::uint64_t base_batch) {
  if (batch == 0 || base_batch == 0)
    throw ConfigError(
        fmt::format("the linear scaling rule needs batches above 0, found {} and a base of {}",
                    batch, base_batch));
  return static_cast<float>(static_cast<double>(lr) * quotient(batch, base_batch));
}

}  // namespace rondo::optim
