// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/options.hpp"
#include "scale/experiment.hpp"
#include "scale/load_model.hpp"
#include "scale/real_step.hpp"
#include "scale/synthetic_step.hpp"

namespace rondo::scale {

enum class Compute : std::uint8_t { synthetic, real };

constexpr std::string_view name_of(Compute compute) {
  return compute == Compute::synthetic ? "synthetic" : "real";
}

/// The command line of rondo-scale.
struct ScaleOptions {
  Mode mode = Mode::weak;
  std::string ranks = {};
  std::string model = "resnet50";
  Compute compute = Compute::synthetic;

  bench::Backward work = bench::Backward::clock;
  Device device = {};
  std::optional<double> computing_seconds = {};
  std::optional<double> ratio = {};
  std::int64_t poll_microseconds = 500;
  std::optional<std::size_t> bucket_bytes = {};
  std::string straggler = {};
  Rehearsal rehearsal = {};

  RealOptions real = {};

  std::size_t warmup = 1;
  std::size_t steps = 5;
  std::size_t repeats = 7;
  std::uint64_t seed = 1;

  std::filesystem::path json = {};
  std::filesystem::path report = {};
  std::filesystem::path baseline = {};
  double fail_below = 0.95;
};

void declare(apps::Options& options, ScaleOptions& values);

/// What the texts among the options mean, for a job of so many ranks.
/// \throws AgreedError  usage: a text that means nothing; configuration: ranks that are not in the
///                      job, or options that do not fit each other
Plan make_plan(const ScaleOptions& options, int job_ranks);
Rehearsal make_rehearsal(const ScaleOptions& options, int job_ranks);

}  // namespace rondo::scale
