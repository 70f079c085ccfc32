// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/skew.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::telemetry {
namespace {

constexpr std::size_t recent_steps = 63;
constexpr Cause own_causes[] = {Cause::compute, Cause::data, Cause::checkpoint};

/// Of an even count the lower one of the two: so that of two ranks the late one is late.
double lower_median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <class Result = double, class Items, class Figure>
std::vector<Result> figures(const Items& items, Figure figure) {
  std::vector<Result> all;
  for (const auto& item : items)
    all.push_back(figure(item));
  return all;
}

struct Largest {
  int rank = 0;
  double above_median = 0;
};

Largest largest(const std::vector<double>& values) {
  const auto place = std::max_element(values.begin(), values.end());
  return {static_cast<int>(place - values.begin()), *place - lower_median(values)};
}

/// Of what a rank does itself, the one in which it exceeds the others most.
Cause own_cause(std::span<const RankTimes> ranks, int rank) {
  Cause worst = Cause::compute;
  double most = 0;
  for (const Cause cause : own_causes) {
    const auto values = figures(ranks, [&](const RankTimes& times) { return times[cause]; });
    const double excess = values[static_cast<std::size_t>(rank)] - lower_median(values);
    if (excess > most) worst = cause;
    most = std::max(most, excess);
  }
  return worst;
}

bool is_later(const Straggler& a, const Straggler& b) {
  return a.seconds > b.seconds;
}

std::string seconds_text(double seconds) {
  return seconds < 1 ? fmt::format("{:.3g} ms", 1e3 * seconds) : fmt::format("{:.3g} s", seconds);
}

std::string text_of(const Straggler& straggler, const SkewSummary& summary) {
  if (!straggler.is_chronic)
    return fmt::format("rank {}, once, {}: {} late in step {}", straggler.rank,
                       name_of(straggler.cause), seconds_text(straggler.seconds), straggler.step);
  return fmt::format(
      "rank {}, chronic, {}: {} later than the others ({:.0f} % of a step), last in "
      "{} of {} steps",
      straggler.rank, name_of(straggler.cause), seconds_text(straggler.seconds),
      100 * straggler.share, summary.last_in[static_cast<std::size_t>(straggler.rank)],
      summary.steps);
}

}  // namespace

RankTimes StepTimes::arrive(Clock::time_point now) {
  if (!begin_) return {};
  const double passed = std::chrono::duration<double>(now - *begin_).count() - left_out_;
  RankTimes times = now_;
  times[Cause::compute] = std::max(0.0, passed - now_.arrival());
  return times;
}

void StepTimes::begin(Clock::time_point now) {
  begin_ = now;
  now_ = {};
  left_out_ = 0;
}

Latecomer find_latecomer(std::span<const RankTimes> ranks) {
  const auto is_unmeasured = [](const RankTimes& times) { return times.arrival() <= 0; };
  if (ranks.size() < 2 || std::any_of(ranks.begin(), ranks.end(), is_unmeasured)) return {};
  const auto arrivals = figures(ranks, [](const RankTimes& times) { return times.arrival(); });
  const Largest own = largest(figures(ranks, [](const RankTimes& times) { return times.own(); }));
  const Largest arrival = largest(arrivals);
  const double step = *std::max_element(arrivals.begin(), arrivals.end());
  if (own.above_median >= arrival.above_median)
    return {own.rank, own.above_median, own_cause(ranks, own.rank), step};
  return {arrival.rank, arrival.above_median, Cause::communication, step};
}

void SkewMeter::Average::add(double value, std::uint64_t count) {
  const double distance = value - mean;
  mean += distance / static_cast<double>(count);
  squares += distance * (value - mean);
}

double SkewMeter::Average::standard_error(std::uint64_t count) const {
  const auto n = static_cast<double>(count);
  return std::sqrt(squares / std::max(1.0, n - 1) / n);
}

Latecomer SkewMeter::add(std::uint64_t step, std::span<const RankTimes> ranks) {
  const Latecomer last = find_latecomer(ranks);
  if (last.rank < 0) return last;
  require(ranks_.empty() || ranks_.size() == ranks.size(),
          "SkewMeter: a step of another number of ranks");
  ranks_.resize(ranks.size());
  ++steps_;
  total_seconds_ += last.step_seconds;
  average(ranks);
  if (last.seconds > least_share * last.step_seconds)
    ++ranks_[static_cast<std::size_t>(last.rank)].last_in;
  remember_once(step, last);
  if (recent_.size() < recent_steps)
    recent_.push_back(last.step_seconds);
  else
    recent_[steps_ % recent_steps] = last.step_seconds;
  return last;
}

void SkewMeter::average(std::span<const RankTimes> ranks) {
  const auto own = figures(ranks, [](const RankTimes& times) { return times.own(); });
  const auto arrivals = figures(ranks, [](const RankTimes& times) { return times.arrival(); });
  const double usual_own = lower_median(own);
  const double usual_arrival = lower_median(arrivals);
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    for (std::size_t c = 0; c < cause_count; ++c)
      ranks_[r].total.seconds[c] += ranks[r].seconds[c];
    ranks_[r].own_lateness.add(own[r] - usual_own, steps_);
    ranks_[r].arrival_lateness.add(arrivals[r] - usual_arrival, steps_);
  }
}

double SkewMeter::usual_step() const {
  return recent_.empty() ? 0 : lower_median(recent_);
}

void SkewMeter::remember_once(std::uint64_t step, const Latecomer& last) {
  if (recent_.size() < least_steps) return;
  if (last.seconds < std::max(usual_step(), least_once_seconds)) return;
  once_.push_back({.rank = last.rank, .cause = last.cause, .seconds = last.seconds, .step = step});
  std::stable_sort(once_.begin(), once_.end(), is_later);
  if (once_.size() > most_once) once_.pop_back();
}

SkewMeter::Usual SkewMeter::usual() const {
  const auto mean_of = [](Average Rank::*lateness) {
    return [lateness](const Rank& rank) { return (rank.*lateness).mean; };
  };
  return {.totals = figures<RankTimes>(ranks_, [](const Rank& rank) { return rank.total; }),
          .own_lateness = lower_median(figures(ranks_, mean_of(&Rank::own_lateness))),
          .arrival_lateness = lower_median(figures(ranks_, mean_of(&Rank::arrival_lateness)))};
}

double SkewMeter::excess(const Average& lateness, double usual) const {
  const double late = lateness.mean - usual;
  const double chance = least_errors * lateness.standard_error(steps_);
  return late > std::max(least_share * step_seconds(), chance) ? late : 0.0;
}

std::optional<Straggler> SkewMeter::chronic(std::size_t rank, const Usual& usual) const {
  Straggler straggler{.rank = static_cast<int>(rank), .is_chronic = true};
  straggler.seconds = excess(ranks_[rank].own_lateness, usual.own_lateness);
  if (straggler.seconds > 0) {
    straggler.cause = own_cause(usual.totals, straggler.rank);
  } else {
    straggler.seconds = excess(ranks_[rank].arrival_lateness, usual.arrival_lateness);
    straggler.cause = Cause::communication;
  }
  if (straggler.seconds == 0) return std::nullopt;
  straggler.share = straggler.seconds / step_seconds();
  return straggler;
}

std::vector<Straggler> SkewMeter::chronic_ones() const {
  const Usual usual_figures = usual();
  std::vector<Straggler> all;
  for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
    if (const auto straggler = chronic(rank, usual_figures)) all.push_back(*straggler);
  std::stable_sort(all.begin(), all.end(), is_later);
  return all;
}

SkewSummary SkewMeter::summary() const {
  SkewSummary summary;
  summary.steps = steps_;
  if (steps_ == 0) return summary;
  summary.step_seconds = step_seconds();
  for (const Rank& rank : ranks_) {
    summary.last_in.push_back(rank.last_in);
    for (std::size_t c = 0; c < cause_count; ++c)
      summary.mean.seconds[c] +=
          rank.total.seconds[c] / static_cast<double>(steps_) / static_cast<double>(ranks_.size());
  }
  if (steps_ >= least_steps) summary.stragglers = chronic_ones();
  const std::size_t chronic_count = summary.stragglers.size();
  for (const Straggler& once : once_) {
    const auto is_same = [&](const Straggler& known) {
      return known.rank == once.rank && known.cause == once.cause;
    };
    const auto known = std::span(summary.stragglers).first(chronic_count);
    if (std::none_of(known.begin(), known.end(), is_same)) summary.stragglers.push_back(once);
  }
  return summary;
}

std::vector<std::string> straggler_table(const SkewSummary& summary) {
  if (summary.steps < SkewMeter::least_steps)
    return {fmt::format("{} steps of several ranks are too few to tell", summary.steps)};
  std::vector<std::string> lines;
  for (const Straggler& straggler : summary.stragglers)
    lines.push_back(text_of(straggler, summary));
  const double waiting = summary.mean[Cause::communication] / summary.step_seconds;
  if (lines.empty() && waiting > SkewMeter::least_waiting_share)
    lines.push_back(fmt::format("no rank, communication: all wait for messages, {:.0f} % of a step",
                                100 * waiting));
  if (lines.empty())
    lines.push_back(
        fmt::format("none: no rank was later than the others by {:.0f} % of a step on "
                    "average, or once by a whole one",
                    100 * SkewMeter::least_share));
  return lines;
}

}  // namespace rondo::telemetry
