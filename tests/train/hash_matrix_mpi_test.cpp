// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/comm/mpi_world.hpp"

#include "train/hash_matrix.hpp"

namespace rondo::test {
namespace {

TEST(HashMatrixMpi, processes_end_with_the_hash_of_a_rank_alone) {
  const auto comm = comm::make_mpi_communicator();
  const HashMatrix matrix(all_cases());

  EXPECT_THAT(matrix.violations(*comm, all_runs()), testing::IsEmpty());
}

TEST(HashMatrixMpi, processes_without_shared_memory_do_so_in_any_order_of_readiness) {
  const auto comm = comm::make_mpi_communicator(comm::CommunicatorOptions{.shared_memory = false});
  const HashMatrix matrix(few_cases());

  EXPECT_THAT(matrix.violations(*comm, all_runs(2)), testing::IsEmpty());
}

TEST(HashMatrixMpi, finds_every_sum_in_the_order_of_ranks) {
  const auto comm = comm::make_mpi_communicator();
  const HashMatrix matrix(few_cases(), grad::Reduction::fast);
  const std::vector<HashRun> planted = all_runs(0, grad::Reduction::fast);

  const std::size_t expected = comm->size() == 1 ? 0 : matrix.entries(planted).size();
  EXPECT_EQ(matrix.violations(*comm, planted).size(), expected);
}

}  // namespace
}  // namespace rondo::test
