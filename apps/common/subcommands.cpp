// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/subcommands.hpp"

#include <cstdio>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/exit_code.hpp"

#include "common/command_line.hpp"
#include "common/version.hpp"

namespace rondo::apps {
namespace {

int usage_error(const std::string& problem) {
  fmt::print(stderr, "error: {}\n", problem);
  return static_cast<int>(ExitCode::usage);
}

int answer(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return static_cast<int>(ExitCode::ok);
}

}  // namespace

int run_command(const Commands& commands, int argc, const char* const* argv) {
  std::vector<std::string> names;
  for (const auto& [name, command] : commands.table)
    names.push_back(name);
  if (argc < 2)
    return usage_error(fmt::format("a {} is missing: {}; --help describes them", commands.noun,
                                   fmt::join(names, ", ")));
  const std::string typed = argv[1];
  if (typed == "--help" || typed == "-h") return answer(commands.overview);
  if (typed == "--version") return answer(version_text(commands.program));
  if (const auto found = commands.table.find(typed); found != commands.table.end())
    return found->second(argc - 1, argv + 1);
  return usage_error(
      fmt::format("unknown {} '{}'{}", commands.noun, typed, suggestion(typed, names, "")));
}

}  // namespace rondo::apps
