// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace rondo::apps {

/// What one life added to a run's metrics.ndjson.
struct LifeSteps {
  std::optional<std::uint64_t> first;  ///< that it went on from
  std::optional<std::uint64_t> last;
  std::string stop;  ///< why it left early, in its own words
};

/// Remembers how far the file went when the life began. A file that is emptied and written anew is
/// told by its content.
class MetricsTail {
 public:
  explicit MetricsTail(std::filesystem::path file);

  /// What has come since. Lines that are not of a trainer are passed over.
  LifeSteps read() const;

 private:
  std::filesystem::path file_;
  std::uintmax_t size_ = 0;
  std::string last_bytes_;  // before size_
};

}  // namespace rondo::apps
