// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-data: makes and describes the HDF5 data sets that the trainers read.

#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/exit_code.hpp"

#include "common/command_line.hpp"
#include "common/version.hpp"
#include "data/commands.hpp"

namespace rondo::apps {
namespace {

constexpr const char* overview =
    "Makes and describes the HDF5 data sets that the trainers read.\n"
    "Usage: rondo-data COMMAND [OPTIONS]\n"
    "\n"
    "Commands:\n"
    "  convert idx   make a data set from IDX files, as MNIST and its like come in\n"
    "  inspect       describe a data set\n"
    "\n"
    "rondo-data COMMAND --help describes the options of a command; --version this build.\n"
    "\n"
    "Example:\n"
    "  rondo-data convert idx --directory /usr/share/datasets/fashion-mnist --output fashion.h5\n"
    "  rondo-data inspect fashion.h5\n";

int usage_error(const std::string& problem) {
  fmt::print(stderr, "error: {}\n", problem);
  return static_cast<int>(ExitCode::usage);
}

int unknown(const std::string& what, const std::string& typed,
            const std::vector<std::string>& names) {
  return usage_error(fmt::format("unknown {} '{}'{}", what, typed, suggestion(typed, names, "")));
}

int run(int argc, const char* const* argv) {
  if (argc < 2)
    return usage_error("a command is missing: convert idx, inspect; --help describes them");
  const std::string command = argv[1];
  if (command == "--help" || command == "-h") return std::fputs(overview, stdout), 0;
  if (command == "--version") return std::fputs(version_text("rondo-data").c_str(), stdout), 0;
  if (command == "inspect") return inspect(argc - 1, argv + 1);
  if (command != "convert") return unknown("command", command, {"convert", "inspect"});
  if (argc < 3) return usage_error("convert needs a format: rondo-data convert idx ...");
  const std::string format = argv[2];
  if (format == "idx") return convert_idx(argc - 2, argv + 2);
  if (format == "--help" || format == "-h") return std::fputs(overview, stdout), 0;
  return unknown("format", format, {"idx"});
}

}  // namespace
}  // namespace rondo::apps

int main(int argc, char** argv) {
  return rondo::apps::run(argc, argv);
}
