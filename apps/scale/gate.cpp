// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/gate.hpp"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"

namespace rondo::scale {
namespace {

Baseline parse(const nlohmann::json& json, const std::string& file) {
  Baseline baseline{.file = file};
  if (json.at("format") != "rondo-scale") throw std::invalid_argument("another format");
  const nlohmann::json& subject = json.at("subject");
  baseline.mode = subject.at("mode");
  baseline.model = subject.at("model");
  baseline.compute = subject.at("compute");
  for (const nlohmann::json& count : json.at("counts"))
    if (!count.at("efficiency").is_null())
      baseline.counts.push_back({.ranks = count.at("ranks"),
                                 .efficiency = count.at("efficiency").at("median").get<double>()});
  for (const BaselineCount& count : baseline.counts)
    if (!(count.efficiency > 0))
      throw std::invalid_argument(fmt::format("an efficiency of {}", count.efficiency));
  return baseline;
}

void require_same(const std::string& what, const std::string& now, const std::string& then,
                  const Baseline& baseline) {
  if (now == then) return;
  throw ConfigError(fmt::format(
      "--baseline {}: it was measured with --{} {}, this with {}; efficiencies cannot be compared",
      baseline.file, what, then, now));
}

}  // namespace

Baseline read_baseline(const std::filesystem::path& file) {
  std::ifstream input(file);
  if (!input)
    throw IoError(ExitCode::missing_input,
                  fmt::format("--baseline {}: cannot be read", file.string()));
  try {
    return parse(nlohmann::json::parse(input), file.string());
  } catch (const std::exception& problem) {
    throw IoError(ExitCode::bad_content,
                  fmt::format("--baseline {}: this is no output of rondo-scale --json ({})",
                              file.string(), problem.what()));
  }
}

void require_comparable(const Subject& subject, std::span<const int> ranks,
                        const Baseline& baseline) {
  require_same("mode", std::string(name_of(subject.mode)), baseline.mode, baseline);
  require_same("model", subject.model, baseline.model, baseline);
  require_same("compute", subject.compute, baseline.compute, baseline);
  const auto is_asked_for = [&](const BaselineCount& count) {
    return std::ranges::find(ranks, count.ranks) != ranks.end();
  };
  if (std::ranges::none_of(baseline.counts, is_asked_for))
    throw ConfigError(fmt::format(
        "--baseline {}: of --ranks {} it has no measurement of scaling: compare with another, or "
        "measure other rank counts",
        baseline.file, fmt::join(ranks, ",")));
}

Verdict compare(const Figures& figures, const Baseline& baseline, double fail_below) {
  Verdict verdict;
  for (const CountFigures& count : figures.counts) {
    const auto before = std::ranges::find(baseline.counts, count.ranks, &BaselineCount::ranks);
    if (before == baseline.counts.end() || !count.is_scaling()) continue;
    const double ratio = count.efficiency.median / before->efficiency;
    const bool passed = ratio >= fail_below;
    verdict.passed = verdict.passed && passed;
    verdict.text += fmt::format("{} ranks: efficiency {:.3f}, {:.3f} before: {:.3f} of it{}\n",
                                count.ranks, count.efficiency.median, before->efficiency, ratio,
                                passed ? "" : fmt::format(", below {}", fail_below));
  }
  if (verdict.text.empty())
    throw ConfigError(fmt::format(
        "--baseline {}: no rank count of this measurement of scaling is in it", baseline.file));
  return verdict;
}

}  // namespace rondo::scale
