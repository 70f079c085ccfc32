// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace rondo::job {

enum class Launcher {
  none,    ///< started by hand: one process
  mpirun,  ///< Open MPI's mpirun, or another launcher that speaks PMI
  srun,    ///< Slurm's srun
};

/// What the environment says about how this process was started; known before MPI_Init.
struct Launch {
  Launcher launcher = Launcher::none;
  int rank = 0;
  int size = 1;
  int local_rank = 0;             ///< among the processes of this job on this machine
  int local_size = 1;             ///< how many those are; 0 where the launcher does not tell
  std::string slurm_job_id = {};  ///< empty outside Slurm
  bool has_pmi = true;            ///< false: srun offers nothing by which processes find each other

  bool spans_hosts() const noexcept { return local_size < size; }
};

Launch inspect_launch();

/// Refuses what MPI_Init would end, or start as singletons; call it before.
/// \throws AgreedError  (configuration) srun without --mpi=pmix
void check_launcher(const Launch& launch);

/// Refuses singletons that should be one job: each would train alone, over the others' files.
/// \throws AgreedError  (configuration) the launcher started another number of processes
void check_world_size(const Launch& launch, int world_size);

}  // namespace rondo::job
