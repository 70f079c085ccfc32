// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
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

double geometric_mean(std::span<const double> values) {
  require(!values.empty(), "geometric_mean: no values");
  double logarithms = 0;
  for (const double value : values)
    logarithms += std::log(value);
  return std::exp(logarithms / static_cast<double>(values.size()));
}

}  // namespace rondo::bench
