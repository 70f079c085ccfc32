// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "rondo/base/error.hpp"

namespace rondo::bench {

Summary summarize(std::span<const double> samples) {
  require(!samples.empty(), "summarize: no samples");
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  const auto rank95 = static_cast<std::size_t>(std::ceil(0.95 * static_cast<double>(n)));
  return {.minimum = sorted.front(),
          .median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2,
          .p95 = sorted[rank95 - 1]};
}

}  // namespace rondo::bench
