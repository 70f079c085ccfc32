// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::train {

/// What to do about a bad step: one whose loss or gradient is not finite, or far above what the
/// steps before it had. (An overflow that f16's dynamic loss scale can mend is none.)
enum class BadStep : std::uint8_t {
  abort,      ///< the run ends: AgreedError (numeric_failure)
  skip,       ///< nothing is updated
  keep_going  ///< outliers are applied; what is not finite is skipped, as it would spoil everything
};

constexpr std::string_view name_of(BadStep policy) {
  switch (policy) {
    case BadStep::abort: return "abort";
    case BadStep::skip: return "skip";
    case BadStep::keep_going: return "continue";
  }
  return "?";
}

/// Recognises steps whose loss or gradient norm stands out: a pure state machine, fed the agreed
/// figures of every step, hence alike on all ranks.
///
/// The z-score of a figure is its distance above the mean of the window before it, in standard
/// deviations; a spread below a thousandth of the mean counts as that, and where both are 0 nothing
/// stands out. Lower figures are never bad. Every finite figure enters the window, so that a
/// lasting change is normal after a while.
class StepHealth {
 public:
  struct Options {
    double z_score = std::numeric_limits<double>::infinity();  ///< above it a step is bad
    std::size_t window = 100;                                  ///< steps
    std::size_t least = 20;  ///< steps of history before anything is judged
  };

  /// What a checkpoint keeps: the last figures, oldest first.
  struct State {
    std::vector<double> losses;
    std::vector<double> norms;
    std::uint64_t bad_steps = 0;
  };

  /// \throws ConfigError  a z-score that is not positive, or fewer than 2 steps of history
  explicit StepHealth(const Options& options);

  /// What is wrong with a step of these figures, as a clause without a subject before it ("the loss
  /// 9.1 is ..."); empty if nothing is. Counts it.
  std::string judge(double loss, double norm);

  std::uint64_t bad_steps() const noexcept { return state_.bad_steps; }
  const State& state() const noexcept { return state_; }
  void restore(State state);

 private:
  double z_score(double figure, std::span<const double> history) const;
  void remember(double loss, double norm);

  Options options_;
  State state_;
};

}  // namespace rondo::train
