// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "measure/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include "rondo/base/error.hpp"

namespace rondo::bench {
namespace {

double nearest_rank(std::span<const double> sorted, double fraction) {
  const auto rank =
      static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
  return sorted[rank - 1];
}

}  // namespace

Summary summarize(std::span<const double> samples) {
  require(!samples.empty(), "summarize: no samples");
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  return {.minimum = sorted.front(),
          .median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
          .p95 = nearest_rank(sorted, 0.95),
          .p99 = nearest_rank(sorted, 0.99)};
}

double median_ratio(std::span<const double> numerators, std::span<const double> denominators) {
  require(numerators.size() == denominators.size(), "median_ratio: lengths differ");
  std::vector<double> ratios(numerators.size());
  std::transform(numerators.begin(), numerators.end(), denominators.begin(), ratios.begin(),
                 [](double numerator, double denominator) { return numerator / denominator; });
  return summarize(ratios).median;
}

Interval median_interval(std::span<const double> samples, std::uint64_t seed) {
  require(!samples.empty(), "median_interval: no samples");
  constexpr std::size_t draws = 2000;
  std::mt19937_64 random(seed);
  std::vector<double> medians;
  std::vector<double> draw(samples.size());
  for (std::size_t i = 0; i < draws; ++i) {
    // Not by std::uniform_int_distribution, whose values differ between libraries.
    for (double& value : draw)
      value = samples[random() % samples.size()];
    medians.push_back(summarize(draw).median);
  }
  std::sort(medians.begin(), medians.end());
  return {.low = nearest_rank(medians, 0.025), .high = nearest_rank(medians, 0.975)};
}

double geometric_mean(std::span<const double> values) {
  require(!values.empty(), "geometric_mean: no values");
  double logarithms = 0;
  for (const double value : values)
    logarithms += std::log(value);
  return std::exp(logarithms / static_cast<double>(values.size()));
}

}  // namespace rondo::bench
