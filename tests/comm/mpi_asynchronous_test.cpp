// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mpi.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/mpi_world.hpp"

#include "comm/algorithms/dissemination.hpp"
#include "support/collective_checks.hpp"
#include "support/in_flight_checks.hpp"
#include "support/split_checks.hpp"
#include "support/temporary_directory.hpp"

/// Operations under way over MPI, and the manners of a guest in another program's MPI.
namespace rondo::comm {
namespace {

using testing::AllOf;
using testing::HasSubstr;

CommunicatorOptions by_messages(Progress progress = Progress::caller) {
  return {.time_limit = std::chrono::seconds(20), .progress = progress, .shared_memory = false};
}

TEST(MpiInFlight, operations_agree_however_ranks_wait_for_them) {
  const auto comm = make_mpi_communicator(by_messages());
  test::check_in_flight_in_all_ways(*comm);
}

TEST(MpiInFlight, operations_agree_beside_a_thread_for_progress) {
  const auto comm = make_mpi_communicator(by_messages(Progress::thread));
  test::check_in_flight_in_all_ways(*comm);
}

TEST(MpiInFlight, operations_in_shared_memory_agree_too) {
  const auto comm = make_mpi_communicator({.time_limit = std::chrono::seconds(20)});
  test::check_in_flight_in_all_ways(*comm);
}

TEST(MpiSplit, makes_groups_by_color_key_and_node) {
  for (const bool shared_memory : {false, true}) {
    const auto comm = make_mpi_communicator(
        {.time_limit = std::chrono::seconds(20), .shared_memory = shared_memory});
    test::check_splits(*comm);
  }
}

TEST(MpiDeadline, names_operation_number_bytes_and_every_peer_outstanding) {
  auto options = by_messages();
  options.time_limit = std::chrono::seconds(2);
  const auto comm = make_mpi_communicator(options);
  if (comm->size() == 1 || comm->rank() != 0) return;
  const algorithms::Dissemination first(0, comm->size());
  std::vector<float> data(1000);
  try {
    allreduce(*comm, std::span<float>(data), ReduceOp::sum);
    ADD_FAILURE() << "no error";
  } catch (const CommError& e) {
    EXPECT_THAT(e.what(),
                AllOf(HasSubstr("allreduce f32 sum of 1000 elements (#0) failed on rank 0"),
                      HasSubstr("a call of 4000 bytes; outstanding: "),
                      HasSubstr(fmt::format("from rank {}", first.from(1)))));
  }
}

TEST(MpiGuest, leaves_the_callers_communicator_and_world_alone) {
  MPI_Comm own = MPI_COMM_NULL;
  MPI_Comm_dup(MPI_COMM_WORLD, &own);
  MPI_Errhandler before = MPI_ERRHANDLER_NULL;
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &before);
  MPI_Comm_set_errhandler(own, MPI_ERRORS_ARE_FATAL);
  {
    const MpiWorld world;
    const auto comm = make_mpi_communicator_on(MPI_Comm_c2f(own), by_messages());
    test::check_allreduce(*comm, 33);

    for (MPI_Comm callers : {own, MPI_COMM_WORLD}) {
      int came = 0;
      MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, callers, &came, MPI_STATUS_IGNORE);
      EXPECT_EQ(came, 0) << "a message on the caller's communicator";
    }
  }
  MPI_Errhandler of_world = MPI_ERRHANDLER_NULL;
  MPI_Errhandler of_own = MPI_ERRHANDLER_NULL;
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &of_world);
  MPI_Comm_get_errhandler(own, &of_own);
  int finalized = 1;
  MPI_Finalized(&finalized);

  EXPECT_EQ(of_world, before);
  EXPECT_EQ(of_own, MPI_ERRORS_ARE_FATAL);
  EXPECT_EQ(finalized, 0);
  MPI_Comm_free(&own);
}

TEST(MpiTuning, is_read_by_rank_0_for_all) {
  const test::TemporaryDirectory directory;
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const std::string file = (directory.path() / "machine.json").string();
  // The others' variable names a file that nobody may open.
  const char* named = rank == 0 ? file.c_str() : "/nowhere";
  setenv("RONDO_TUNING", named, 1);  // NOLINT(concurrency-mt-unsafe)
  if (rank == 0)
    std::ofstream(file) << R"({"format": "rondo-tuning", "version": 1,
                               "rules": [{"collective": "allreduce", "algorithm": "ring"}]})";

  const auto comm = make_mpi_communicator();
  const std::string reason = comm->explain({.collective = Collective::allreduce});
  unsetenv("RONDO_TUNING");  // NOLINT(concurrency-mt-unsafe)

  EXPECT_THAT(reason, HasSubstr(comm->size() > 1 ? "ring (rule 1 of " : "nothing to exchange"));
}

TEST(MpiCommunicator, calls_of_no_elements_complete) {
  for (const bool shared_memory : {false, true}) {
    const auto comm = make_mpi_communicator(
        {.time_limit = std::chrono::seconds(20), .shared_memory = shared_memory});
    test::check_allreduce(*comm, 0);
    test::check_reduce_scatter(*comm, 0);
    test::check_allgather(*comm, 0);
    test::check_broadcast(*comm, 0);
  }
}

}  // namespace
}  // namespace rondo::comm
