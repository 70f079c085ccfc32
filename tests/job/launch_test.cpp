// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/launch.hpp"

#include <cstdlib>

#include <gmock/gmock.h>

#include "rondo/base/error.hpp"

namespace rondo::job {
namespace {

class LaunchTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name :
         {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
          "OMPI_COMM_WORLD_LOCAL_SIZE", "PMI_RANK", "PMI_SIZE", "SLURM_PROCID", "SLURM_LOCALID",
          "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE", "SLURM_NODEID", "SLURM_JOB_ID",
          "SLURM_NTASKS", "PMIX_RANK", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"})
      ::unsetenv(name);
  }
};

TEST_F(LaunchTest, by_hand_is_one_process) {
  const Launch launch = inspect_launch();

  EXPECT_EQ(launch.launcher, Launcher::none);
  EXPECT_EQ(launch.rank, 0);
  EXPECT_EQ(launch.size, 1);
  EXPECT_FALSE(launch.spans_hosts());
}

TEST_F(LaunchTest, by_mpirun_knows_rank_and_hosts) {
  ::setenv("OMPI_COMM_WORLD_RANK", "5", 1);
  ::setenv("OMPI_COMM_WORLD_SIZE", "8", 1);
  ::setenv("OMPI_COMM_WORLD_LOCAL_RANK", "1", 1);
  ::setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "4", 1);
  ::setenv("SLURM_PROCID", "0", 1);  // mpirun's own helpers run under srun
  ::setenv("SLURM_STEP_NUM_TASKS", "2", 1);

  const Launch launch = inspect_launch();

  EXPECT_EQ(launch.launcher, Launcher::mpirun);
  EXPECT_EQ(launch.rank, 5);
  EXPECT_EQ(launch.size, 8);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_TRUE(launch.spans_hosts());
}

TEST_F(LaunchTest, by_srun_knows_rank_and_job) {
  ::setenv("SLURM_JOB_ID", "417", 1);
  ::setenv("SLURM_PROCID", "3", 1);
  ::setenv("SLURM_STEP_NUM_TASKS", "4", 1);

  const Launch launch = inspect_launch();

  EXPECT_EQ(launch.launcher, Launcher::srun);
  EXPECT_EQ(launch.rank, 3);
  EXPECT_EQ(launch.size, 4);
  EXPECT_EQ(launch.slurm_job_id, "417");
  EXPECT_EQ(launch.local_size, 0) << "nobody told";
  EXPECT_TRUE(launch.spans_hosts());
}

TEST_F(LaunchTest, by_srun_knows_its_neighbours_on_the_node) {
  ::setenv("SLURM_PROCID", "7", 1);
  ::setenv("SLURM_STEP_NUM_TASKS", "10", 1);
  ::setenv("SLURM_LOCALID", "1", 1);
  const auto local_size = [](const char* tasks, const char* node) {
    ::setenv("SLURM_STEP_TASKS_PER_NODE", tasks, 1);
    ::setenv("SLURM_NODEID", node, 1);
    return inspect_launch().local_size;
  };

  EXPECT_EQ(inspect_launch().local_rank, 1);
  EXPECT_EQ(local_size("10", "0"), 10);
  EXPECT_EQ(local_size("2(x3),4", "0"), 2);
  EXPECT_EQ(local_size("2(x3),4", "2"), 2);
  EXPECT_EQ(local_size("2(x3),4", "3"), 4);
  EXPECT_EQ(local_size("1,2(x2),5", "2"), 2);
  EXPECT_EQ(local_size("2(x3),4", "4"), 0);
  EXPECT_EQ(local_size("2(x", "4"), 0);
  EXPECT_EQ(local_size("many", "0"), 0);
}

TEST_F(LaunchTest, by_srun_needs_pmix) {
  EXPECT_NO_THROW(check_launcher(inspect_launch()));
  ::setenv("SLURM_PROCID", "3", 1);
  ::setenv("SLURM_STEP_NUM_TASKS", "4", 1);

  try {
    check_launcher(inspect_launch());
    FAIL() << "an error was due";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), ExitCode::configuration);
    EXPECT_THAT(error.what(), testing::HasSubstr("srun --mpi=pmix"));
  }

  ::setenv("PMIX_RANK", "3", 1);
  EXPECT_NO_THROW(check_launcher(inspect_launch()));
}

TEST_F(LaunchTest, in_a_batch_script_without_srun_is_one_process) {
  ::setenv("SLURM_JOB_ID", "417", 1);
  ::setenv("SLURM_PROCID", "0", 1);
  ::setenv("SLURM_NTASKS", "4", 1);

  EXPECT_EQ(inspect_launch().launcher, Launcher::none);
}

TEST_F(LaunchTest, of_singletons_by_srun_is_refused_with_the_way_out) {
  const Launch launch{.launcher = Launcher::srun, .rank = 1, .size = 4};

  EXPECT_NO_THROW(check_world_size(launch, 4));
  EXPECT_NO_THROW(check_world_size({}, 1));
  try {
    check_world_size(launch, 1);
    FAIL() << "an error was due";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), ExitCode::configuration);
    EXPECT_THAT(error.what(), testing::HasSubstr("srun --mpi=pmix"));
  }
}

}  // namespace
}  // namespace rondo::job
