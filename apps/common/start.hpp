// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "rondo/base/exit_code.hpp"
#include "rondo/job/launch.hpp"

#include "common/options.hpp"

namespace rondo::apps {

/// How long ranks above 0 hold back before MPI has started: mpirun needs a second to end the others
/// after the first one failed, and they may start apart.
constexpr auto start_skew = std::chrono::seconds(3);

/// Prepares logs and signals and parses the options, before MPI starts. Returns the exit code of
/// the process if it is to end here: a text was asked for, or the options are wrong.
std::optional<int> start(Options& options, int argc, const char* const* argv,
                         const job::Launch& launch);

/// Flushes standard output; `code`, or 74 with a message if the output could not be written. A
/// closed output is no failure: whoever read it has seen enough.
int finish_output(ExitCode code);

}  // namespace rondo::apps
