// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rondo::test {

struct ProgramResult {
  int code = -1;  ///< exit code, or 128 + signal
  std::string out;
  std::string err;
  double seconds = 0;
};

/// `text` as one word of a shell command, whatever is in it.
std::string shell_word(const std::string& text);

/// Runs `command` by the shell, without standard input, and waits for its end.
ProgramResult run_program(const std::string& command);

/// `command` under mpirun on `ranks` ranks, more than cores allowed.
std::string mpirun(int ranks, const std::string& command);

}  // namespace rondo::test
