// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "common/start.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>

#include "rondo/base/log.hpp"

#include "common/failure.hpp"

namespace rondo::apps {
std::optional<int> start(Options& options, int argc, const char* const* argv,
                         const job::Launch& launch) {
  log::set_rank(launch.rank, launch.size);
  std::signal(SIGPIPE, SIG_IGN);  // writing to a closed pipe fails instead of killing the run
  try {
    options.parse(argc, argv);
    return std::nullopt;
  } catch (const EarlyExit& exit) {
    if (launch.rank == 0) std::fwrite(exit.text.data(), 1, exit.text.size(), stdout);
    return finish_output(ExitCode::ok);
  } catch (...) {
    Failure failure = current_failure();
    const bool names_the_rank = launch.rank != 0;
    if (!names_the_rank) failure.agreed = true;
    report(failure, launch, start_skew);
    return static_cast<int>(failure.code);
  }
}

int finish_output(ExitCode code) {
  if (std::fflush(stdout) == 0 || errno == EPIPE || errno == EBADF) return static_cast<int>(code);
  const Failure failure{.code = ExitCode::io,
                        .message = fmt::format("cannot write to standard output: {}",
                                               std::generic_category().message(errno))};
  report(failure, {}, {});
  return static_cast<int>(failure.code);
}

}  // namespace rondo::apps
