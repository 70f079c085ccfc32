// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "run/options.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::apps {

std::optional<std::filesystem::path> RunOptions::directory() const {
  if (run_directory) return run_directory;
  constexpr std::string_view option = "--output";
  std::optional<std::filesystem::path> found;
  for (auto word = program.begin(); word != program.end(); ++word) {
    if (*word == option && std::next(word) != program.end()) found = *std::next(word);
    if (word->starts_with(std::string(option) + "=")) found = word->substr(option.size() + 1);
  }
  return found;
}

void declare(Options& options, RunOptions& values) {
  options.group("Lives");
  options.add("ranks", values.ranks, "processes to start; also -np").at_least(1);
  options
      .add("min-ranks", values.min_ranks,
           "go on with as few where hosts do not answer; default: all of --ranks")
      .at_least(1);
  options.add("max-restarts", values.max_restarts, "then it gives up").at_least(0);
  options
      .add("back-off", values.back_off,
           "seconds before a restart; twice as many each time that the last life made no step")
      .between(0, 3600);
  options
      .add("silence", values.silence,
           "seconds without a step after which the hosts are asked; where one does not answer, "
           "twice, "
           "this life is ended")
      .between(1, 86400);

  options.group("Launching");
  options.add("hosts", values.hosts,
              "NAME or NAME:SLOTS, separated by commas; default: those of the Slurm job, or none");
  options.add("mpirun", values.mpirun, "the launcher and its options, separated by spaces");
  options.add("probe", values.probe,
              "command that a host and 'true' are appended to, to see whether the host answers; "
              "default: srun in a Slurm job, else ssh");

  options.group("Program");
  options.add("run-directory", values.run_directory,
              "where the program's metrics.ndjson is and runs.ndjson goes; default: its --output");
  options.add("resume-option", values.resume_option,
              "is added to the program's arguments from the second life on");

  options.example(
      "rondo-run --max-restarts 5 -np 4 -- rondo-train-image --data fashion.h5 --output runs/a");
}

void parse(Options& options, RunOptions& values, int argc, const char* const* argv) {
  std::vector<const char*> before(argv, argv + argc);
  const auto separator = std::find(before.begin(), before.end(), std::string_view("--"));
  if (separator != before.end()) values.program.assign(std::next(separator), before.end());
  before.erase(separator, before.end());
  for (const char*& word : before)
    if (word == std::string_view("-np") || word == std::string_view("-n")) word = "--ranks";

  options.parse(static_cast<int>(before.size()), before.data(), {});
  if (values.ranks == 0)
    throw Error(ExitCode::usage, "-np N is missing: how many processes to start");
  if (values.least_ranks() > values.ranks)
    throw Error(ExitCode::usage, fmt::format("--min-ranks {} is more than -np {}",
                                             values.least_ranks(), values.ranks));
  if (values.program.empty())
    throw Error(ExitCode::usage,
                "no program to run: rondo-run [OPTIONS] -np N -- PROGRAM [ARGUMENTS]");
  if (words_of(values.mpirun).empty()) throw Error(ExitCode::usage, "--mpirun is empty");
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

}  // namespace rondo::apps
