// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace rondo::apps {

/// One of several things that a program does: parses the arguments behind its name (argv[0] is
/// ignored) and returns the exit code of the process.
using Command = int (*)(int argc, const char* const* argv);

struct Commands {
  std::string program;
  std::string noun;      ///< what is chosen, for messages: "command"
  std::string overview;  ///< what --help prints
  std::map<std::string, Command> table;
};

/// Runs the command that argv[1] names; also answers --help and --version.
int run_command(const Commands& commands, int argc, const char* const* argv);

}  // namespace rondo::apps
