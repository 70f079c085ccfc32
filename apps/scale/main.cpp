// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-scale: how well steps scale over the ranks of a job, and what they lose to what.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rondo/base/atomic_file.hpp"
#include "rondo/base/error.hpp"
#include "rondo/comm/agree.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"
#include "scale/campaign.hpp"
#include "scale/figures.hpp"
#include "scale/gate.hpp"
#include "scale/options.hpp"
#include "scale/report.hpp"

namespace rondo::scale {
namespace {

/// The file beside the report that has the same figures.
std::filesystem::path beside(const std::filesystem::path& report, const char* extension) {
  return std::filesystem::path(report).replace_extension(extension);
}

void write(const Figures& figures, const ScaleOptions& options) {
  const std::string json = to_json(figures).dump(1) + "\n";
  if (!options.json.empty()) write_file_atomically(options.json, json);
  if (options.report.empty()) return;
  write_file_atomically(options.report, to_html(figures));
  write_file_atomically(beside(options.report, ".csv"), to_csv(figures));
  write_file_atomically(beside(options.report, ".json"), json);
}

/// What does not depend on a measurement is refused before it.
void check(const ScaleOptions& options) {
  const std::string extension = options.report.extension();
  if (extension == ".json" || extension == ".csv")
    throw ConfigError("--report: a page that ends in " + extension +
                      " would be overwritten by the figures beside it; name it .html");
}

/// Whether the figures pass; prints and writes them. Only on rank 0.
bool conclude(const Figures& figures, const ScaleOptions& options,
              const std::optional<Baseline>& baseline) {
  fmt::print("{}", to_table(figures));
  write(figures, options);
  if (!baseline) return true;
  const Verdict verdict = compare(figures, *baseline, options.fail_below);
  fmt::print("\n{}", verdict.text);
  return verdict.passed;
}

ExitCode run_scale(comm::Communicator& job, const ScaleOptions& options) {
  std::optional<Baseline> baseline;
  comm::agree_on_success(job, [&] {
    check(options);
    if (!options.baseline.empty()) baseline = read_baseline(options.baseline);
  });
  const Figures figures =
      run_campaign(job, options, [&](const Subject& subject, std::span<const int> ranks) {
        if (baseline) require_comparable(subject, ranks, *baseline);
      });
  std::uint8_t passed = 1;
  comm::agree_on_success(job, [&] {
    if (is_root(job)) passed = conclude(figures, options, baseline) ? 1 : 0;
  });
  comm::broadcast(job, std::span(&passed, 1), 0);
  return passed != 0 ? ExitCode::ok : ExitCode::exceptions;
}

}  // namespace
}  // namespace rondo::scale

int main(int argc, char** argv) {
  using namespace rondo;
  scale::ScaleOptions values;
  apps::Options options(
      "rondo-scale",
      "How well training steps scale over the ranks of this job, and what they lose to what.");
  scale::declare(options, values);
  return apps::run_mpi(
      options, argc, argv, [&](comm::Communicator& job) { return scale::run_scale(job, values); },
      // Ranks that a piece leaves out wait for its end.
      [] { return comm::CommunicatorOptions{.time_limit = std::chrono::minutes(30)}; });
}
