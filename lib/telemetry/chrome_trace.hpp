// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "rondo/telemetry/trace.hpp"

namespace rondo::telemetry {

/// Writes a file in Chrome's trace event format, event by event.
class ChromeTrace {
 public:
  /// \throws IoError  cannot_create
  explicit ChromeTrace(const std::filesystem::path& path);

  void name_process(int rank, const std::string& name);
  void name_thread(int rank, int thread, const std::string& name);
  /// Times in nanoseconds.
  void add(int rank, int thread, std::uint64_t step, const TraceEvent& event);
  /// Ends the file; `about` is what viewers show as metadata, a JSON object. \throws IoError  io
  void finish(const std::string& about);

 private:
  void write(std::string_view text);
  void begin_event();
  void add_metadata(std::string_view what, int rank, int thread, const std::string& name,
                    int sort_index);

  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
  bool is_first_ = true;
  bool has_failed_ = false;
};

}  // namespace rondo::telemetry
