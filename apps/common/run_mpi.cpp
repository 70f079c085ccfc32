// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>

#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/comm/mpi_world.hpp"
#include "rondo/job/launch.hpp"

#include "common/failure.hpp"
#include "common/run_main.hpp"
#include "common/start.hpp"

namespace rondo::apps {
namespace {

// Long enough for the abort of a lower rank to arrive, on a busy machine too.
constexpr auto patience = std::chrono::seconds(1);

/// Reports the exception being handled. Returns the exit code if all ranks leave with it, and ends
/// the job if the other ranks may know nothing of the failure.
int end_after_failure(const job::Launch& launch) {
  const Failure failure = current_failure();
  report(failure, launch, patience);
  if (!failure.agreed && launch.size > 1) comm::abort_job(failure.code);
  return static_cast<int>(failure.code);
}

int run_ranks(job::Launch& launch, comm::CommunicatorOptions communication,
              const std::function<ExitCode(comm::Communicator&)>& body) {
  const comm::MpiWorld world;
  const std::unique_ptr<comm::Communicator> communicator =
      comm::make_mpi_communicator(communication);
  try {
    job::check_world_size(launch, communicator->size());
    // From here on MPI's word counts: not every launcher is known by its environment.
    launch.rank = communicator->rank();
    launch.size = communicator->size();
    log::set_rank(launch.rank, launch.size);
    if (launch.size == 1 && launch.launcher == job::Launcher::none)
      log::info("running as one rank; mpirun -np N starts N of them");
    return finish_output(body(*communicator));
  } catch (...) {
    // Here, where the communicator still lives: its destruction waits for the other ranks.
    return end_after_failure(launch);
  }
}

}  // namespace

int run_mpi(Options& options, int argc, const char* const* argv,
            const std::function<ExitCode(comm::Communicator&)>& body,
            const std::function<comm::CommunicatorOptions()>& communication) {
  job::Launch launch = job::inspect_launch();
  if (const auto code = start(options, argc, argv, launch)) return *code;
  try {
    job::check_launcher(launch);
    return run_ranks(launch, communication ? communication() : comm::CommunicatorOptions(), body);
  } catch (...) {
    return end_after_failure(launch);
  }
}

}  // namespace rondo::apps
