// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/figures.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include <fmt/format.h>

#include "rondo/comm/call.hpp"

#include "measure/link.hpp"
#include "measure/statistics.hpp"

namespace rondo::scale {
namespace {

Estimate estimate(std::span<const double> values, std::uint64_t seed) {
  const bench::Interval interval = bench::median_interval(values, seed);
  return {.median = bench::summarize(values).median, .low = interval.low, .high = interval.high};
}

std::vector<double> seconds_of(const Measurement& measurement) {
  std::vector<double> seconds;
  for (const Piece& piece : measurement.pieces)
    seconds.push_back(piece.seconds);
  return seconds;
}

/// Of each round, against the reference of the same round.
std::vector<double> efficiencies(const Measurement& measurement, const Measurement& reference,
                                 double share) {
  std::vector<double> values;
  for (std::size_t r = 0; r < measurement.pieces.size(); ++r)
    values.push_back(share * reference.pieces[r].seconds / measurement.pieces[r].seconds);
  return values;
}

/// Every step as the rank saw it that came last, whose clock nobody held up.
std::vector<double> step_seconds(const Measurement& measurement) {
  std::vector<double> seconds;
  for (const Piece& piece : measurement.pieces) {
    for (std::size_t s = 0; s < piece.whole.front().size(); ++s) {
      const auto last = std::ranges::min_element(
          piece.whole, {}, [s](const std::vector<StepTimes>& rank) { return rank[s].finish; });
      seconds.push_back((*last)[s].total());
    }
  }
  return seconds;
}

struct Bounds {
  std::vector<double> computing;
  std::vector<double> reduction;
  std::vector<double> of_bound;
};

Bounds bounds_of(const Measurement& measurement) {
  Bounds bounds;
  for (const Piece& piece : measurement.pieces) {
    const Parts parts = attribute(piece);
    bounds.computing.push_back(parts[Part::computing] + parts[Part::kernel_slowdown]);
    bounds.reduction.push_back(piece.reduction);
    bounds.of_bound.push_back(std::max(bounds.computing.back(), piece.reduction) / piece.seconds);
  }
  return bounds;
}

Parts scaled(Parts parts, double factor) {
  for (double& seconds : parts.seconds)
    seconds *= factor;
  return parts;
}

CountFigures evaluate_count(const Measurement& measurement, const Measurement& reference,
                            const Setting& setting, const Plan& plan, const Subject& subject) {
  const double share =
      share_of(plan.mode, measurement.ranks) / share_of(plan.mode, reference.ranks);
  const Bounds bounds = bounds_of(measurement);
  CountFigures figures{.ranks = measurement.ranks, .nodes = measurement.nodes, .setting = setting};
  figures.rounds = seconds_of(measurement);
  figures.steps = step_seconds(measurement);
  figures.step = estimate(figures.rounds, subject.seed);
  figures.efficiency = estimate(efficiencies(measurement, reference, share), subject.seed);
  figures.ideal_seconds = share * bench::summarize(seconds_of(reference)).median;
  figures.computing_seconds = bench::summarize(bounds.computing).median;
  figures.reduction_seconds = bench::summarize(bounds.reduction).median;
  figures.bound_seconds = std::max(figures.computing_seconds, figures.reduction_seconds);
  figures.of_bound = bench::summarize(bounds.of_bound).median;
  if (measurement.nodes > 1)
    figures.link_seconds = bench::link_limit(comm::Collective::allreduce, subject.gradient_bytes,
                                             measurement.nodes, setting.link_bytes_per_second);
  figures.limit_efficiency =
      figures.ideal_seconds /
      std::max({figures.ideal_seconds, figures.link_seconds, setting.least_step_seconds});
  const std::vector<double> busy = cores_busy(measurement);
  figures.cores_busy = std::accumulate(busy.begin(), busy.end(), 0.0);
  figures.parts = attribute(measurement.pieces);
  figures.lost = lost_shares(figures.parts, scaled(attribute(reference.pieces), share));
  figures.last = find_last_rank(measurement.pieces);
  if (figures.setting.prediction)
    figures.setting.prediction->error =
        figures.setting.prediction->step_seconds / figures.step.median - 1;
  return figures;
}

}  // namespace

std::vector<CountFigures> evaluate(const Plan& plan, const Subject& subject,
                                   const std::vector<Measurement>& measurements,
                                   const std::vector<Setting>& settings) {
  std::vector<CountFigures> counts;
  for (std::size_t c = 0; c < measurements.size(); ++c)
    counts.push_back(
        evaluate_count(measurements[c], measurements.front(), settings[c], plan, subject));
  return counts;
}

std::optional<SlowLink> find_slow_link(std::span<const HostLink> links) {
  std::vector<HostLink> sorted(links.begin(), links.end());
  std::ranges::sort(sorted, {}, &HostLink::bytes_per_second);
  if (sorted.size() < 3) return std::nullopt;
  const double usual = sorted[sorted.size() / 2].bytes_per_second;
  if (2 * sorted.front().bytes_per_second >= usual) return std::nullopt;
  return SlowLink{sorted.front(), usual};
}

std::vector<std::string> remarks_on(const Figures& figures) {
  std::vector<std::string> remarks;
  for (const CountFigures& count : figures.counts)
    if (const auto slow = find_slow_link(count.setting.links))
      remarks.push_back(fmt::format(
          "{} ranks wait for the link of {}: it carries {:.3g} MB/s, where {:.3g} MB/s are usual",
          count.ranks, slow->link.host, slow->link.bytes_per_second / 1e6,
          slow->usual_bytes_per_second / 1e6));
  for (const CountFigures& count : figures.counts)
    if (!count.is_scaling())
      remarks.push_back(fmt::format("{} ranks are no measurement of scaling: {}", count.ranks,
                                    count.setting.oversubscription));
    else if (!count.setting.shared_cpus.empty())
      remarks.push_back(
          fmt::format("{} ranks: {}, which passes by the clock leave idle; {:.1f} were busy",
                      count.ranks, count.setting.shared_cpus, count.cores_busy));
  if (figures.subject.machines < figures.subject.hosts)
    remarks.push_back(fmt::format("{} hosts lie on {} machine{}: they share its memory and cores",
                                  figures.subject.hosts, figures.subject.machines,
                                  figures.subject.machines == 1 ? "" : "s"));
  if (figures.counts.front().ranks > 1)
    remarks.push_back(fmt::format("efficiency is measured against {} ranks, not against one",
                                  figures.counts.front().ranks));
  return remarks;
}

}  // namespace rondo::scale
