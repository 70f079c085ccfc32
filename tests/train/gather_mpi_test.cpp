// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/mpi_world.hpp"

#include "train/gather_checks.hpp"

namespace rondo::test {
namespace {

TEST(GatherMpi, in_forward_gives_the_bits_of_a_gather_in_the_step) {
  const auto comm = comm::make_mpi_communicator();
  for (const Precision precision : precisions) {
    for (const std::size_t bytes : {1UL, 40'000UL}) {
      const HashCase what{.precision = precision, .optimizer = "adamw"};
      const HashRun run{
          .sharding = grad::Sharding::zero1, .bucket_bytes = bytes, .one_pass = false};

      EXPECT_EQ(hash_layer_by_layer(*comm, what, run, train::Gather::in_forward),
                hash_layer_by_layer(*comm, what, run, train::Gather::in_step))
          << describe(what, run, comm->size());
    }
  }
}

}  // namespace
}  // namespace rondo::test
