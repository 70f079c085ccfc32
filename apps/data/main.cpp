// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// rondo-data: makes and describes the HDF5 data sets that the trainers read.

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

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
    "  convert idx       make a data set from IDX files, as MNIST and its like come in\n"
    "  convert cifar10   from CIFAR-10's binary version; cifar100 likewise\n"
    "  convert npy       from NumPy arrays, one a field\n"
    "  convert csv       from tables of numbers\n"
    "  convert images    from folders of PNG and JPEG files, one a class\n"
    "  convert tokens    from files of nothing but tokens, u16 or u32\n"
    "  convert text      from text files, each byte a token\n"
    "  split             make a test or validation split, the same share of each class\n"
    "  inspect           describe a data set\n"
    "  doctor            say how well it suits a run, and what to do\n"
    "  verify            read all of it and list what is wrong\n"
    "  rechunk           write it anew in other chunks, compressed or not; also under mpirun\n"
    "  audit             prove that a run used every sample exactly once\n"
    "\n"
    "rondo-data COMMAND --help describes the options of a command; --version this build.\n"
    "\n"
    "Example:\n"
    "  rondo-data convert idx --directory /usr/share/datasets/fashion-mnist --output fashion.h5\n"
    "  rondo-data inspect fashion.h5\n"
    "  rondo-data audit runs/first\n";

using Command = int (*)(int argc, const char* const* argv);
using Commands = std::map<std::string, Command>;

const Commands commands{{"audit", audit},     {"doctor", doctor}, {"inspect", inspect},
                        {"rechunk", rechunk}, {"split", split},   {"verify", verify}};
const Commands formats{{"cifar10", convert_cifar10}, {"cifar100", convert_cifar100},
                       {"csv", convert_csv},         {"idx", convert_idx},
                       {"images", convert_images},   {"npy", convert_npy},
                       {"text", convert_text},       {"tokens", convert_tokens}};

std::vector<std::string> names_of(const Commands& table) {
  std::vector<std::string> names;
  for (const auto& [name, command] : table)
    names.push_back(name);
  return names;
}

int usage_error(const std::string& problem) {
  fmt::print(stderr, "error: {}\n", problem);
  return static_cast<int>(ExitCode::usage);
}

int unknown(const std::string& what, const std::string& typed,
            const std::vector<std::string>& names) {
  return usage_error(fmt::format("unknown {} '{}'{}", what, typed, suggestion(typed, names, "")));
}

bool asks_for_help(const std::string& argument) {
  return argument == "--help" || argument == "-h";
}

int convert(int argc, const char* const* argv) {
  if (argc < 2)
    return usage_error(fmt::format("convert needs a format ({}): rondo-data convert idx ...",
                                   fmt::join(names_of(formats), ", ")));
  const std::string format = argv[1];
  if (asks_for_help(format)) return std::fputs(overview, stdout), 0;
  const auto found = formats.find(format);
  return found == formats.end() ? unknown("format", format, names_of(formats))
                                : found->second(argc - 1, argv + 1);
}

int run(int argc, const char* const* argv) {
  if (argc < 2)
    return usage_error(fmt::format("a command is missing: convert, {}; --help describes them",
                                   fmt::join(names_of(commands), ", ")));
  const std::string command = argv[1];
  if (asks_for_help(command)) return std::fputs(overview, stdout), 0;
  if (command == "--version") return std::fputs(version_text("rondo-data").c_str(), stdout), 0;
  if (command == "convert") return convert(argc - 1, argv + 1);
  if (const auto found = commands.find(command); found != commands.end())
    return found->second(argc - 1, argv + 1);
  std::vector<std::string> names = names_of(commands);
  names.emplace_back("convert");
  return unknown("command", command, names);
}

}  // namespace
}  // namespace rondo::apps

int main(int argc, char** argv) {
  return rondo::apps::run(argc, argv);
}
