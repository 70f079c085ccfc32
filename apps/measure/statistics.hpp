// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace rondo::bench {

/// Of one figure over the repeats of a run, as METRICS.md defines them.
struct Summary {
  double minimum = 0;
  double median = 0;
  double p95 = 0;  ///< nearest rank
  double p99 = 0;  ///< nearest rank
};

/// \throws UsageError  no samples
Summary summarize(std::span<const double> samples);

/// The median over the repeats of `numerators[i] / denominators[i]`; equally long, not empty.
double median_ratio(std::span<const double> numerators, std::span<const double> denominators);

/// What holds the median of other samples of the same kind with a probability of 95 %.
struct Interval {
  double low = 0;
  double high = 0;
};

/// By the percentile bootstrap: the medians of 2000 draws with replacement. A function of samples
/// and seed alone. \throws UsageError  no samples
Interval median_interval(std::span<const double> samples, std::uint64_t seed);

/// \throws UsageError  no values
double geometric_mean(std::span<const double> values);

}  // namespace rondo::bench
