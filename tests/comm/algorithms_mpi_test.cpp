// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/mpi_world.hpp"

#include "comm/algorithms/catalogue.hpp"
#include "support/collective_checks.hpp"

/// Every algorithm over MPI's messages: short and long ones, which MPI sends differently.
namespace rondo::comm {
namespace {

using test::expect_reduction;
using test::planted_data;

constexpr std::size_t counts[] = {0, 1, 1001, 200'003};
constexpr Wire wires[] = {Wire::exact, Wire::bf16, Wire::f16};

std::string describe(const char* what, Algorithm algorithm, Wire wire, std::size_t count) {
  return fmt::format("{} by {} of {} as {}", what, name_of(algorithm), count, name_of(wire));
}

TEST(MpiAlgorithms, allreduce_equals_the_oracle) {
  const auto comm = make_mpi_communicator({.shared_memory = false});
  for (const Algorithm algorithm : algorithms::algorithms_for(Collective::allreduce)) {
    for (const Wire wire : wires) {
      for (const std::size_t count : counts) {
        auto data = planted_data<float>(comm->rank(), count);
        allreduce(*comm, std::span<float>(data), ReduceOp::sum,
                  {.algorithm = algorithm, .wire = wire});
        expect_reduction(data, ReduceOp::sum, comm->size(), 0,
                         describe("allreduce", algorithm, wire, count));
      }
    }
  }
}

TEST(MpiAlgorithms, reduce_scatter_equals_the_oracle) {
  const auto comm = make_mpi_communicator({.shared_memory = false});
  const auto size = static_cast<std::size_t>(comm->size());
  for (const Algorithm algorithm : algorithms::algorithms_for(Collective::reduce_scatter)) {
    for (const Wire wire : wires) {
      for (const std::size_t count : counts) {
        const auto input = planted_data<float>(comm->rank(), count * size);
        std::vector<float> output(count);
        reduce_scatter(*comm, std::span<const float>(input), std::span<float>(output),
                       ReduceOp::max, {.algorithm = algorithm, .wire = wire});
        expect_reduction(output, ReduceOp::max, comm->size(),
                         count * static_cast<std::size_t>(comm->rank()),
                         describe("reduce_scatter", algorithm, wire, count));
      }
    }
  }
}

TEST(MpiAlgorithms, allgather_and_broadcast_move_every_byte) {
  const auto comm = make_mpi_communicator({.shared_memory = false});
  const auto size = static_cast<std::size_t>(comm->size());
  for (const std::size_t count : counts) {
    for (const Algorithm algorithm : algorithms::algorithms_for(Collective::allgather)) {
      const auto whole = planted_data<int>(0, count * size);
      const auto own =
          std::span(whole).subspan(count * static_cast<std::size_t>(comm->rank()), count);
      std::vector<int> output(whole.size());
      allgather(*comm, own, std::span<int>(output), {.algorithm = algorithm});
      EXPECT_EQ(output, whole) << describe("allgather", algorithm, Wire::exact, count);
    }
    for (const Algorithm algorithm : algorithms::algorithms_for(Collective::broadcast)) {
      const int root = static_cast<int>(count) % comm->size();
      auto data = planted_data<int>(comm->rank(), count);
      broadcast(*comm, std::span<int>(data), root, {.algorithm = algorithm});
      EXPECT_EQ(data, planted_data<int>(root, count))
          << describe("broadcast", algorithm, Wire::exact, count);
    }
  }
}

}  // namespace
}  // namespace rondo::comm
