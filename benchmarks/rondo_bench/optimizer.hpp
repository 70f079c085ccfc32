// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "measure/statistics.hpp"

namespace rondo::bench {

struct OptimizerBenchOptions {
  std::size_t rows = 1024;       ///< of the matrix that is updated
  std::size_t columns = 1024;    ///< a multiple of 16
  bool copy = true;              ///< write a bf16 copy of the new values
  bool random_rounding = false;  ///< of the copy
  std::size_t repeats = 101;
};

/// One rule's line. METRICS.md defines every figure.
struct OptimizerFigures {
  std::string rule;
  std::size_t count = 0;  ///< elements of one update
  std::size_t bytes_a_parameter = 0;
  Summary seconds;        ///< of one update
  Summary limit_seconds;  ///< of the same loads and stores without arithmetic
  double ratio = 0;       ///< median over the repeats of the limit's time by ours
  std::size_t wrong = 0;  ///< elements that are not what the oracle says

  double elements_per_second() const { return static_cast<double>(count) / seconds.median; }
  double bytes_per_second() const {
    return elements_per_second() * static_cast<double>(bytes_a_parameter);
  }
};

/// Local, one thread. \throws UsageError  columns are no multiple of 16
OptimizerFigures measure_optimizer(std::string_view rule, const OptimizerBenchOptions& options);

}  // namespace rondo::bench
