// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace rondo::apps {

/// One line on standard error, redrawn in place and removed at the end; nothing where no terminal
/// is.
class ProgressLine {
 public:
  explicit ProgressLine(std::string title);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void update(std::size_t done, std::size_t total);
  /// Where the total is not known.
  void update(std::size_t done);

 private:
  std::string title_;
  bool is_interactive_;
  int percent_ = -1;
  std::size_t shown_ = 0;
};

}  // namespace rondo::apps
