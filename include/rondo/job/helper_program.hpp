// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace rondo::job {

struct HelperResult {
  int code = 0;        ///< exit code, or 128 + signal
  std::string output;  ///< of both standard output and standard error
};

/// Runs another program, found in PATH, without standard input, and waits for its end; a program
/// that takes longer than `patience` is killed with all that it started. Nothing if it could not be
/// started or took too long. `words[0]` is the program.
std::optional<HelperResult> run_helper(const std::vector<std::string>& words,
                                       std::chrono::milliseconds patience);

}  // namespace rondo::job
