// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::telemetry {

/// What a rank can lose time with.
enum class Cause : std::uint8_t { compute, data, checkpoint, communication };
inline constexpr std::size_t cause_count = 4;

constexpr std::string_view name_of(Cause cause) {
  constexpr std::string_view names[] = {"compute", "data", "checkpoint", "communication"};
  return names[static_cast<std::size_t>(cause)];
}

/// What one rank did with the time between two exchanges of all ranks, in seconds.
struct RankTimes {
  std::array<double, cause_count> seconds{};

  double& operator[](Cause cause) { return seconds[static_cast<std::size_t>(cause)]; }
  double operator[](Cause cause) const { return seconds[static_cast<std::size_t>(cause)]; }
  /// What it did itself: all but waiting for other ranks.
  double own() const {
    return (*this)[Cause::compute] + (*this)[Cause::data] + (*this)[Cause::checkpoint];
  }
  /// When it came to the exchange, counted from the end of the one before.
  double arrival() const { return own() + (*this)[Cause::communication]; }
};

/// A rank's own clock of its steps. What nobody claims is computation. Not thread-safe.
class StepTimes {
 public:
  using Clock = std::chrono::steady_clock;

  /// Of the time since the last exchange, so much went into `cause`.
  void spent(Cause cause, double seconds) { now_[cause] += seconds; }
  /// So much belongs to no step: an evaluation, say.
  void leave_out(double seconds) { left_out_ += seconds; }
  /// The rank comes to the exchange. All zeros before the first one has ended.
  RankTimes arrive(Clock::time_point now = Clock::now());
  /// The exchange has ended: for all ranks the next step begins.
  void begin(Clock::time_point now = Clock::now());

 private:
  std::optional<Clock::time_point> begin_;
  RankTimes now_;
  double left_out_ = 0;
};

/// Who came last in a step. Without a rank (-1) where nothing was measured, or with one rank.
struct Latecomer {
  int rank = -1;
  double seconds = 0;  ///< later than the median rank (the lower one of two)
  Cause cause = Cause::compute;
  double step_seconds = 0;  ///< of the whole step: when the last rank came
};

/// Compares first what the ranks did themselves, then when they came to the exchange: a rank that
/// did no more than others and still came later had the slower way to them (communication).
Latecomer find_latecomer(std::span<const RankTimes> ranks);

/// A rank that the others waited for.
struct Straggler {
  int rank = 0;
  Cause cause = Cause::compute;
  bool is_chronic = false;
  double seconds = 0;      ///< chronic: later in a step than the others, on average; else: once
  double share = 0;        ///< chronic: of a step
  std::uint64_t step = 0;  ///< once: then
};

/// What a run's steps say of its ranks.
struct SkewSummary {
  std::uint64_t steps = 0;             ///< measured
  double step_seconds = 0;             ///< on average
  RankTimes mean;                      ///< of a rank in a step
  std::vector<std::uint64_t> last_in;  ///< by rank: steps in which it was clearly the last
  std::vector<Straggler> stragglers;   ///< chronic ones first, then the worst of the others
};

/// Finds stragglers among the ranks of a run, fed the times of all ranks step by step. It keeps a
/// few numbers a rank, whatever the number of steps.
///
/// The last of a step is clearly the last if it comes later than the median by `least_share` of the
/// step. A rank is a **chronic** straggler if over `least_steps` steps at least it came later than
/// the median rank by `least_share` of a step on average, and by more than chance explains:
/// `least_errors` standard errors of that average. It straggled **once** in a step in which it was
/// later by a whole usual step (the median of the last 63) and `least_once_seconds`.
class SkewMeter {
 public:
  static constexpr double least_share = 0.05;
  static constexpr double least_errors = 4;
  static constexpr std::uint64_t least_steps = 8;
  /// Of a step, that ranks wait for one another's messages, before straggler_table() speaks of it
  /// where no rank is late: then the links are slow, or there is too little to compute.
  static constexpr double least_waiting_share = 0.2;
  static constexpr double least_once_seconds = 0.05;
  static constexpr std::size_t most_once = 4;  ///< that are remembered, the worst

  /// Step `step` of the run. All steps must be of equally many ranks.
  Latecomer add(std::uint64_t step, std::span<const RankTimes> ranks);
  SkewSummary summary() const;

 private:
  /// Mean and spread of a figure, updated step by step.
  struct Average {
    double mean = 0;
    double squares = 0;  ///< summed distances from the mean, squared
    void add(double value, std::uint64_t count);
    double standard_error(std::uint64_t count) const;
  };
  struct Rank {
    RankTimes total;
    Average own_lateness, arrival_lateness;
    std::uint64_t last_in = 0;
  };
  /// The ranks' sums, and the medians of their averages.
  struct Usual {
    std::vector<RankTimes> totals;
    double own_lateness = 0, arrival_lateness = 0;
  };

  void average(std::span<const RankTimes> ranks);
  void remember_once(std::uint64_t step, const Latecomer& last);
  std::vector<Straggler> chronic_ones() const;
  Usual usual() const;
  /// By how much more than chance a rank is late on average; 0 if it is not.
  double excess(const Average& lateness, double usual) const;
  std::optional<Straggler> chronic(std::size_t rank, const Usual& usual) const;
  double usual_step() const;
  double step_seconds() const { return total_seconds_ / static_cast<double>(steps_); }

  std::vector<Rank> ranks_;
  std::uint64_t steps_ = 0;
  double total_seconds_ = 0;
  std::vector<double> recent_;  // the last steps' times, oldest overwritten
  std::vector<Straggler> once_;
};

/// The stragglers for people, a line each: who, whether chronic, why, how late; or that all ranks
/// wait for messages. One line says so if there is nothing.
std::vector<std::string> straggler_table(const SkewSummary& summary);

}  // namespace rondo::telemetry
