// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "scale/figures.hpp"

namespace rondo::scale {

/// The efficiency of one rank count in another measurement.
struct BaselineCount {
  int ranks = 1;
  double efficiency = 0;
};

/// What is compared with.
struct Baseline {
  std::string file = {};
  std::string mode = {};
  std::string model = {};
  std::string compute = {};
  std::vector<BaselineCount> counts = {};  ///< those that are measurements of scaling
};

/// Reads what to_json() wrote. \throws IoError  missing_input; bad_content: no such JSON
Baseline read_baseline(const std::filesystem::path& file);

/// How the efficiencies compare with the baseline's.
struct Verdict {
  bool passed = true;
  std::string text = {};  ///< a line for each rank count
};

/// What can be said before anything is measured.
/// \throws ConfigError  the baseline is of something else, or has none of the `ranks`
void require_comparable(const Subject& subject, std::span<const int> ranks,
                        const Baseline& baseline);

/// Fails where an efficiency is below `fail_below` times the baseline's, of a comparable one.
/// \throws ConfigError  no rank count that both have is a measurement of scaling
Verdict compare(const Figures& figures, const Baseline& baseline, double fail_below);

}  // namespace rondo::scale
