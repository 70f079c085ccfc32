// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/launch.hpp"

#include <charconv>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "job/slurm.hpp"

namespace rondo::job {
namespace {

/// The environment variables with which a launcher numbers its processes.
struct Convention {
  Launcher launcher;
  const char* rank;
  const char* size;
  const char* local_rank;
  const char* local_size;
};

// Only job steps have SLURM_STEP_NUM_TASKS: a batch script has SLURM_PROCID, but is not under srun.
// mpirun comes first, for it starts its own processes through srun.
constexpr Convention conventions[] = {
    {Launcher::mpirun, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
     "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {Launcher::mpirun, "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
    {Launcher::srun, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID",
     "SLURM_STEP_TASKS_PER_NODE"},
};

int number(const char* name, int otherwise) {
  const std::string text = environment(name);
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// What Slurm's list of tasks by node, such as 2(x3),1, says of one node; 0 if nothing.
int tasks_on_node(const std::string& list, int node) {
  std::istringstream stream(list);
  int nodes_before = 0;
  for (int tasks = 0; stream >> tasks; stream.ignore()) {
    int nodes = 1;
    if (stream.peek() == '(') {
      stream.ignore(2) >> nodes;
      stream.ignore();
    }
    nodes_before += nodes;
    if (node < nodes_before) return tasks;
  }
  return 0;
}

int local_size(const Convention& convention) {
  if (convention.launcher != Launcher::srun) return number(convention.local_size, 0);
  return tasks_on_node(environment(convention.local_size), number("SLURM_NODEID", 0));
}

}  // namespace

Launch inspect_launch() {
  Launch launch;
  launch.slurm_job_id = environment("SLURM_JOB_ID");
  for (const Convention& convention : conventions) {
    if (environment(convention.rank).empty() || environment(convention.size).empty()) continue;
    launch.launcher = convention.launcher;
    launch.rank = number(convention.rank, 0);
    launch.size = number(convention.size, 1);
    launch.local_rank = number(convention.local_rank, 0);
    launch.local_size = local_size(convention);
    launch.has_pmi = convention.launcher != Launcher::srun || !environment("PMIX_RANK").empty();
    break;
  }
  return launch;
}

void check_launcher(const Launch& launch) {
  if (launch.has_pmi) return;
  throw AgreedError(ExitCode::configuration,
                    fmt::format("srun started {} processes that cannot find each other: start "
                                "them with srun --mpi=pmix, or with mpirun",
                                launch.size));
}

void check_world_size(const Launch& launch, int world_size) {
  if (launch.launcher == Launcher::none || launch.size == world_size) return;
  const char* remedy = launch.launcher == Launcher::srun
                           ? "start it with srun --mpi=pmix, or with mpirun"
                           : "use the mpirun of the MPI library that the program was built with";
  throw AgreedError(
      ExitCode::configuration,
      fmt::format("the launcher started {} processes, but MPI sees {} (each would train alone): {}",
                  launch.size, world_size, remedy));
}

}  // namespace rondo::job
