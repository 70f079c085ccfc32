// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/base/file_descriptor.hpp"
#include "rondo/telemetry/trace.hpp"

#include "telemetry/trace_records.hpp"

namespace rondo::telemetry {

/// The files of one rank's log: two that take turns with the last steps, and one step in k.
/// What cannot be written ends the log with one warning. Not thread-safe.
class TraceLog {
 public:
  /// \throws IoError  cannot_create or io
  explicit TraceLog(const Trace::Options& options);

  void write(const TracedStep& step);
  void add_clock(const ClockSample& sample);

  static std::size_t most_bytes(const Trace::Options& options);

 private:
  std::filesystem::path path(std::string_view ending) const;
  /// An empty file with a head. \throws IoError
  FileDescriptor begin_file(const std::filesystem::path& path) const;
  void write_recent(const std::string& record);
  void write_sampled(std::uint64_t step, const std::string& record);
  void thin_out();

  Trace::Options options_;
  std::vector<ClockSample> clocks_;
  FileDescriptor recent_;  // the one whose turn it is
  std::size_t recent_steps_ = 0;
  int turn_ = 0;
  FileDescriptor sampled_;
  std::vector<std::pair<std::uint64_t, std::string>> samples_;  // what sampled_ holds
  std::uint64_t interval_ = 1;
  bool has_ended_ = false;
};

}  // namespace rondo::telemetry
