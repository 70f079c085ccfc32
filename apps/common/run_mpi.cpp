// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/device_limit.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/log.hpp"
#include "rondo/comm/mpi_world.hpp"
#include "rondo/job/binding.hpp"
#include "rondo/job/launch.hpp"

#include "common/call_watch.hpp"
#include "common/failure.hpp"
#include "common/run_main.hpp"
#include "common/start.hpp"

namespace rondo::apps {
namespace {

// Longer than a launcher takes to end this process for a lower rank's abort: Open MPI's wakes it
// from a stop, too, and kills it a second later.
constexpr auto patience = std::chrono::seconds(3);

/// Reports the exception being handled. Returns the exit code if all ranks leave with it, and ends
/// the job if the other ranks may know nothing of the failure.
int end_after_failure(const job::Launch& launch, std::chrono::milliseconds hold_back = patience) {
  const Failure failure = current_failure();
  report(failure, launch, hold_back);
  if (!failure.agreed && launch.size > 1) comm::abort_job(failure.code);
  return static_cast<int>(failure.code);
}

/// Of this process: what --bind says, and what came of it.
struct {
  job::Bind wish = job::Bind::automatic;
  std::optional<std::string> text;
} binding;

void declare_binding(Options& options) {
  options.group("Processors");
  options.add("bind", binding.wish,
              {{"auto", job::Bind::automatic},
               {"none", job::Bind::none},
               {"numa", job::Bind::numa},
               {"core", job::Bind::core}},
              "what each rank of a machine keeps to, if its launcher has not bound it: whole NUMA "
              "domains, cores of its own, or whichever gives it more");
}

/// Binds ranks whose launch did not tell their share. Collective.
void bind_beside_others(comm::Communicator& communicator) {
  const int node = communicator.place().node;
  const std::array own{static_cast<std::uint64_t>(node), job::processors_hash()};
  std::vector<std::array<std::uint64_t, 2>> all(static_cast<std::size_t>(communicator.size()));
  comm::allgather(communicator, std::span(&own, 1), std::span(all));
  if (binding.text) return;

  const auto before = all.begin() + communicator.rank();
  const auto sharers = static_cast<int>(std::ranges::count(all, own));
  binding.text = job::bind_beside(binding.wish,
                                  {.rank = static_cast<int>(std::count(all.begin(), before, own)),
                                   .count = sharers,
                                   .all_ranks = sharers == communicator.place().node_size});
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
    bind_beside_others(*communicator);
    const CallWatch watch(call_watch(launch, [is_alone = launch.size == 1](ExitCode code) {
      if (!is_alone) comm::abort_job(code);
      std::_Exit(static_cast<int>(code));
    }));
    return finish_output(body(*communicator));
  } catch (...) {
    // Here, where the communicator still lives: its destruction waits for the other ranks.
    return end_after_failure(launch);
  }
}

/// The exit code of this process; a GPU that has hung may also hang what exit handlers do.
int leave(int code) {
  if (!device_has_hung()) return code;
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace

int run_mpi(Options& options, int argc, const char* const* argv,
            const std::function<ExitCode(comm::Communicator&)>& body,
            const std::function<comm::CommunicatorOptions()>& communication) {
  job::Launch launch = job::inspect_launch();
  declare_binding(options);
  if (const auto code = start(options, argc, argv, launch)) return *code;
  try {
    job::check_launcher(launch);
    binding.text = job::bind_by_launch(binding.wish, launch);
  } catch (...) {
    return end_after_failure(launch, start_skew);
  }
  try {
    return leave(
        run_ranks(launch, communication ? communication() : comm::CommunicatorOptions(), body));
  } catch (...) {
    return leave(end_after_failure(launch));
  }
}

std::string binding_text() {
  return binding.text.value_or("not bound");
}

}  // namespace rondo::apps
