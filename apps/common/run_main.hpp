// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "rondo/base/exit_code.hpp"
#include "rondo/comm/communicator.hpp"

#include "common/options.hpp"

namespace rondo::apps {

/// main() of a program without MPI: parses the options, runs `body` under a CallWatch, returns the
/// exit code.
///
/// Whatever is thrown ends as one line on standard error, `error: ...`, and the code of the Error
/// (70 for other exceptions). A reader that closes standard output early is no error.
int run_tool(Options& options, int argc, const char* const* argv,
             const std::function<ExitCode()>& body);

/// main() of a program that runs under mpirun or srun, or alone as one rank: parses the options,
/// then runs `body` with a communicator of all ranks, under a CallWatch.
///
/// A failure ends as one message a job:
/// - options are judged before MPI starts, and only rank 0 speaks;
/// - an AgreedError is printed by rank 0, and all ranks leave in an orderly way with its code;
/// - any other exception is printed as `[rank r] error: ...` by the rank that saw it, which then
///   ends all ranks. Ranks above 0 hold back a moment first, so that of many that saw the same (a
///   timeout, say) the lowest speaks for all.
///
/// Adds the option --bind to `options`, and binds each rank as it says, before MPI starts wherever
/// the launcher's environment tells a rank its share.
///
/// `communication` is asked for the communicator's options once the program's are known.
int run_mpi(Options& options, int argc, const char* const* argv,
            const std::function<ExitCode(comm::Communicator&)>& body,
            const std::function<comm::CommunicatorOptions()>& communication = {});

/// What this process is bound to, such as `bound to cores`, or why it is not; within run_mpi's
/// body.
std::string binding_text();

}  // namespace rondo::apps
