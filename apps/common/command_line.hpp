// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <map>
#include <string>
#include <vector>

#include "common/setting.hpp"

namespace rondo::apps {

/// What a program accepts, and says in its help.
struct Syntax {
  std::string program;
  std::string summary;
  std::list<Setting> settings = {};  ///< a list: bindings refer to their Setting
  std::vector<Positional> positionals = {};
  std::vector<std::string> examples = {};
};

/// What was found on a command line, before any of it is assigned.
struct CommandLine {
  std::map<std::string, std::string> values;  ///< texts of settings, by name
  std::map<std::string, std::vector<std::string>> positionals;
  std::string config;  ///< the file of --config
  std::string help;
  bool wants_help = false;
  bool wants_version = false;
  bool wants_config = false;
};

/// Splits a command line with CLI11, which also lays out the help.
/// \throws Error (usage)  unknown option, superfluous argument, missing value
CommandLine read_command_line(const Syntax& syntax, int argc, const char* const* argv);

/// `: did you mean --epochs?` for the nearest of `names`, or where to find them.
std::string suggestion(const std::string& typed, const std::vector<std::string>& names,
                       const std::string& prefix);

}  // namespace rondo::apps
