// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "rondo/data/dataset.hpp"
#include "rondo/data/lane_sampler.hpp"
#include "rondo/data/storage_report.hpp"

namespace rondo::apps {

/// The training run that a data set is looked at for.
struct PlannedRun {
  int ranks = 1;
  std::optional<std::size_t> lanes;  ///< default: one a rank
  std::size_t batch = 32;
  std::optional<std::size_t> window;  ///< default: automatic
};

enum class Verdict { ok, warn, fail };

/// One line of the doctor's.
struct Check {
  std::string name;  ///< for programs: "chunk_size"
  Verdict verdict = Verdict::ok;
  std::string finding;
  std::string advice = {};           ///< what to do; empty where nothing is
  std::optional<double> value = {};  ///< the figure that was judged
};

/// What is known of a file before it is judged.
struct Patient {
  std::filesystem::path file;
  data::FieldMap field_map;
  std::string field_option;  ///< as given
  data::DatasetInfo info;
  std::vector<data::FieldStorage> fields;  ///< those that a trainer reads
  PlannedRun run;
};

/// All checks, in the order in which they are shown.
std::vector<Check> examine(const Patient& patient);

}  // namespace rondo::apps
