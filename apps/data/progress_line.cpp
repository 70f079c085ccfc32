// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/progress_line.hpp"

#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "rondo/telemetry/terminal.hpp"

namespace rondo::apps {

ProgressLine::ProgressLine(std::string title)
    : title_(std::move(title)),
      is_interactive_(telemetry::inspect_terminal(STDERR_FILENO).interactive) {}

ProgressLine::~ProgressLine() {
  if (percent_ >= 0) std::fputs("\r\x1b[K", stderr);
}

void ProgressLine::update(std::size_t done, std::size_t total) {
  const int percent = static_cast<int>(100 * done / total);
  if (!is_interactive_ || percent == percent_) return;
  percent_ = percent;
  const std::string line = fmt::format("\r\x1b[K{} {}%", title_, percent);
  std::fputs(line.c_str(), stderr);
}

void ProgressLine::update(std::size_t done) {
  constexpr std::size_t samples_a_line = 4096;
  if (!is_interactive_ || (percent_ >= 0 && done - shown_ < samples_a_line)) return;
  percent_ = 0;
  shown_ = done;
  const std::string line = fmt::format("\r\x1b[K{} {}", title_, done);
  std::fputs(line.c_str(), stderr);
}

}  // namespace rondo::apps
