// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rondo/comm/mpi_world.hpp"

#include "train/one_pass_checks.hpp"

namespace rondo::test {
namespace {

TEST(OnePassMpi, gives_values_and_slots_the_bits_of_three_steps_between_processes) {
  const auto comm = comm::make_mpi_communicator();
  for (const std::string_view optimizer : optimizers) {
    for (const auto reduction : {grad::Reduction::fast, grad::Reduction::fixed}) {
      for (const std::size_t bytes : {1UL, 40'000UL, 1UL << 22})
        expect_one_pass_is_three_steps(
            *comm, {.optimizer = std::string(optimizer)},
            {.sharding = grad::Sharding::zero1, .bucket_bytes = bytes, .reduction = reduction}, 3);
    }
  }
}

TEST(OnePassMpi, stores_large_values_past_the_cache) {
  const auto comm = comm::make_mpi_communicator();
  expect_one_pass_is_three_steps(*comm, {.optimizer = "adamw"}, {.sharding = grad::Sharding::zero1},
                                 2, {{"large", {1'100'003}}, {"small", {3}}});
}

}  // namespace
}  // namespace rondo::test
