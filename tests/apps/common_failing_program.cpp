// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Fails on purpose, in the way and on the rank that its options name; see common_run_main_test.cpp.

#include <cstdio>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

#include "rondo/base/call_watch.hpp"
#include "rondo/base/error.hpp"
#include "rondo/comm/communicator.hpp"

#include "common/options.hpp"
#include "common/run_main.hpp"

namespace {

using namespace rondo;

void hang() {
  const WatchedCall call(ExitCode::io, "see its disk", [] { return "x.h5: reading 8 bytes"; });
  for (;;)
    ::pause();
}

void fail(const std::string& kind) {
  if (kind == "hang") hang();
  if (kind == "io") throw IoError(ExitCode::missing_input, "cannot read x.h5");
  if (kind == "comm") throw CommError("allreduce timed out");
  if (kind == "agreed") throw AgreedError(ExitCode::bad_content, "x.h5 is truncated");
  if (kind == "memory") throw std::bad_alloc();
  if (kind == "bug") throw std::logic_error("unreachable");
  if (kind == "requeue") throw AgreedError(ExitCode::requeue, "stopped at step 12");
}

}  // namespace

int main(int argc, char** argv) {
  std::string kind = "none";
  std::optional<int> rank;
  apps::Options options("failing-program", "Fails on purpose.");
  options.add("kind", kind, "of failure");
  options.add("rank", rank, "that fails; default: all").at_least(0);
  return apps::run_mpi(options, argc, argv, [&](comm::Communicator& communicator) {
    if (!rank || *rank == communicator.rank()) fail(kind);
    comm::barrier(communicator);
    if (communicator.rank() == 0) std::puts("done");
    return ExitCode::ok;
  });
}
