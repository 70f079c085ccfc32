// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rondo/data/lane_sampler.hpp"

namespace rondo::apps {

/// One start of a run, as its metrics tell.
struct Life {
  std::string id;
  std::string parent;            ///< the life whose checkpoint it went on from; empty if none
  std::uint64_t first_step = 0;  ///< of that checkpoint
  std::uint64_t last_step = 0;   ///< the highest that is recorded
  int ranks = 0;
  data::LaneSampler::Options order;
  std::uint64_t order_version = 0;
  std::string data;      ///< what tells the data set apart
  std::size_t line = 0;  ///< where it begins
};

/// One step: all lanes used [position, position + count) of their sequences, as far as those go.
struct StepRecord {
  std::uint64_t step = 0;
  std::size_t epoch = 0;
  std::size_t position = 0;
  std::size_t count = 0;
  double samples = 0;  ///< what the sum over all lanes weighed
  bool applied = true;
  std::size_t line = 0;
};

/// A run's metrics.ndjson, checked as far as the audit needs it.
///
/// A line that a dying machine left unfinished is passed over: the last one, or one before a start.
class RunMetrics {
 public:
  /// Reads the lives. \throws IoError  missing_input, or bad_content naming the line
  explicit RunMetrics(std::filesystem::path file);

  const std::filesystem::path& file() const noexcept { return file_; }
  const std::vector<Life>& lives() const noexcept { return lives_; }
  /// The life of that id, or none.
  const Life* find(const std::string& id) const;

  /// Reads the steps in the order of the file. \throws IoError  as the constructor
  void for_each_step(const std::function<void(const Life&, const StepRecord&)>& visit) const;

 private:
  std::filesystem::path file_;
  std::vector<Life> lives_;
  std::map<std::string, std::size_t> index_;
};

}  // namespace rondo::apps
