// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rondo/comm/inproc.hpp"
#include "rondo/comm/mpi_world.hpp"

#include "train/hash_model.hpp"

namespace rondo::test {
namespace {

constexpr int steps = 4;

/// What one rank without any peer ends with.
std::uint64_t expected_hash(const HashCase& what) {
  std::uint64_t hash = 0;
  comm::run_ranks(1,
                  [&](comm::Communicator& comm) { hash = run_hash_case(comm, what, {}, steps); });
  return hash;
}

TEST(HashMatrixMpi, processes_end_with_the_hash_of_a_rank_alone) {
  const auto comm = comm::make_mpi_communicator();
  for (const Precision precision : precisions) {
    for (const std::string_view optimizer : optimizers) {
      const HashCase what{.precision = precision, .optimizer = std::string(optimizer)};
      const std::uint64_t expected = expected_hash(what);
      for (const auto sharding :
           {grad::Sharding::none, grad::Sharding::zero1, grad::Sharding::zero2}) {
        const HashRun run{.sharding = sharding, .bucket_bytes = 40'000};
        EXPECT_EQ(run_hash_case(*comm, what, run, steps), expected)
            << describe(what, run, comm->size());
      }
    }
  }
}

}  // namespace
}  // namespace rondo::test
