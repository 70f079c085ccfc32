// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/tuning_rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "measure/statistics.hpp"

namespace rondo::bench {
namespace {

using comm::Algorithm;

Algorithm winner(std::span<const TimedAlgorithm> candidates, std::optional<Algorithm> before) {
  const double fastest =
      std::ranges::min_element(candidates, {}, &TimedAlgorithm::seconds)->seconds;
  const auto is_near = [&](const TimedAlgorithm& candidate) {
    return candidate.seconds <= simplicity_tolerance * fastest;
  };
  for (const TimedAlgorithm& candidate : candidates)
    if (candidate.algorithm == before && is_near(candidate)) return candidate.algorithm;
  return std::ranges::find_if(candidates, is_near)->algorithm;
}

std::size_t between(std::size_t a, std::size_t b) {
  return static_cast<std::size_t>(std::sqrt(static_cast<double>(a) * static_cast<double>(b)));
}

}  // namespace

std::vector<comm::TuningRule> rules_of(comm::Collective collective, const comm::Place& place,
                                       std::span<const TimedAlgorithm> times) {
  std::vector<comm::TuningRule> rules;
  std::size_t last_bytes = 0;
  while (!times.empty()) {
    const std::size_t bytes = times.front().bytes;
    const auto next_size = std::ranges::find_if(
        times, [&](const TimedAlgorithm& time) { return time.bytes != bytes; });
    const auto same_size =
        times.first(static_cast<std::size_t>(std::distance(times.begin(), next_size)));
    const auto before = rules.empty() ? std::nullopt : std::optional(rules.back().algorithm);
    const Algorithm algorithm = winner(same_size, before);
    if (before != algorithm) {
      if (before) rules.back().max_bytes = between(last_bytes, bytes);
      rules.push_back({.collective = collective,
                       .algorithm = algorithm,
                       .ranks = {place.size, place.size},
                       .nodes = {place.nodes, place.nodes}});
    }
    last_bytes = bytes;
    times = times.subspan(same_size.size());
  }
  return rules;
}

std::size_t best_value(std::span<const std::vector<double>> seconds, std::size_t preferred) {
  std::vector<double> means;
  for (const std::vector<double>& sizes : seconds)
    means.push_back(geometric_mean(sizes));
  const auto best = std::ranges::min_element(means);
  if (means[preferred] <= simplicity_tolerance * *best) return preferred;
  return static_cast<std::size_t>(std::distance(means.begin(), best));
}

}  // namespace rondo::bench
