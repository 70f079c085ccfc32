// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/options.hpp"

namespace rondo::apps {

/// What rondo-run is told; the values here are the defaults.
struct RunOptions {
  int ranks = 0;
  std::optional<int> min_ranks = {};  ///< none: all of `ranks`
  int max_restarts = 10;
  double back_off = 5;     ///< seconds before the first restart
  double silence = 60;     ///< seconds without a step after which the hosts are asked
  std::string hosts = {};  ///< `a,b:4`; empty: those of the Slurm job, or this one
  std::string mpirun = "mpirun";
  std::string probe = {};  ///< a command that gets a host and a command for it; empty: ssh or srun
  std::optional<std::filesystem::path> run_directory = {};
  std::string resume_option = "--resume";
  std::vector<std::string> program = {};  ///< with its arguments

  int least_ranks() const { return min_ranks.value_or(ranks); }
  /// Where the program's metrics are and the log of lives goes: --run-directory, or the program's
  /// own --output.
  std::optional<std::filesystem::path> directory() const;
};

/// Binds every member but the program to an option of its name.
void declare(Options& options, RunOptions& values);

/// Assigns all of `values`: options come before `--`, the program after it. Unlike other programs
/// it takes nothing from RONDO_* variables, which are the program's.
/// \throws EarlyExit, Error  as Options::parse()
void parse(Options& options, RunOptions& values, int argc, const char* const* argv);

/// Splits at spaces; there is no quoting.
std::vector<std::string> words_of(const std::string& text);

}  // namespace rondo::apps
