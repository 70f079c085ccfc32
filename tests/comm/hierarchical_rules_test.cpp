// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/comm/tuning.hpp"

#include "support/collective_checks.hpp"
#include "support/count_messages.hpp"
#include "support/run_on_nodes.hpp"

/// What holds of collectives by nodes beside their results: how they round, and what they send.
namespace rondo::comm {
namespace {

using test::by_nodes;
using test::run_on_nodes;

const std::vector<int> three_pairs{0, 1, 2, 2, 1, 0};

/// Numbers of any size; of floats, positive ones.
template <class T>
std::vector<T> numbers(int rank, std::size_t count) {
  std::mt19937_64 random(static_cast<std::uint64_t>(rank) + 1);
  std::vector<T> data(count);
  for (T& value : data) {
    if constexpr (std::is_integral_v<T>)
      value = static_cast<T>(random());
    else
      value = test::convert<T>(std::uniform_real_distribution(0.5, 2.0)(random));
  }
  return data;
}

/// The sum, which wraps around, divided.
template <class T>
T integer_average(std::size_t i, int ranks) {
  using Wrapping = std::make_unsigned_t<T>;
  Wrapping sum = 0;
  for (int rank = 0; rank < ranks; ++rank)
    sum = static_cast<Wrapping>(sum + static_cast<Wrapping>(numbers<T>(rank, i + 1)[i]));
  return static_cast<T>(static_cast<T>(sum) / ranks);
}

template <class T>
double float_average(std::size_t i, int ranks) {
  double sum = 0;
  for (int rank = 0; rank < ranks; ++rank)
    sum += test::convert<double>(numbers<T>(rank, i + 1)[i]);
  return sum / ranks;
}

/// A relative error for each of the roundings that (2 nodes, 3 ranks each) may take.
template <class T>
double tolerance() {
  constexpr int roundings = 6;
  if constexpr (std::is_same_v<T, half>) return roundings * std::ldexp(1.0, -11);
  if constexpr (std::is_same_v<T, bfloat16>) return roundings * std::ldexp(1.0, -8);
  if constexpr (std::is_same_v<T, float>) return roundings * std::ldexp(1.0, -24);
  return roundings * std::ldexp(1.0, -53);
}

template <class T>
void expect_averages(const std::vector<T>& averages, int ranks, std::size_t offset,
                     const char* collective) {
  for (std::size_t i = 0; i < averages.size(); ++i) {
    const auto where = fmt::format("{} {}: element {}", collective, name_of(dtype_of<T>), i);
    if constexpr (std::is_integral_v<T>) {
      EXPECT_EQ(averages[i], integer_average<T>(offset + i, ranks)) << where;
    } else {
      const double expected = float_average<T>(offset + i, ranks);
      EXPECT_NEAR(test::convert<double>(averages[i]), expected, tolerance<T>() * expected) << where;
    }
  }
}

TEST(Hierarchical, averages_are_the_sum_divided_for_every_dtype) {
  run_on_nodes({0, 0, 0, 1, 1, 1}, [](Communicator& comm) {
    constexpr std::size_t count = 53;
    const auto size = static_cast<std::size_t>(comm.size());
    for (const DType dtype : test::all_dtypes) {
      dispatch(dtype, [&]<class T>(std::type_identity<T>) {
        auto data = numbers<T>(comm.rank(), count);
        allreduce(comm, std::span<T>(data), ReduceOp::avg, by_nodes);
        expect_averages(data, comm.size(), 0, "allreduce");

        const auto blocks = numbers<T>(comm.rank(), count * size);
        reduce_scatter(comm, std::span<const T>(blocks), std::span<T>(data), ReduceOp::avg,
                       by_nodes);
        expect_averages(data, comm.size(), count * static_cast<std::size_t>(comm.rank()),
                        "reduce_scatter");
      });
    }
  });
}

TEST(Hierarchical, wire_types_round_between_nodes_only) {
  run_on_nodes({0, 0, 1, 1}, [](Communicator& comm) {
    // bf16 has no 257; the two ranks of a node make 512 of it.
    const float own = comm.rank() % 2 == 0 ? 257 : 255;
    const CallOptions options{.algorithm = Algorithm::hierarchical, .wire = Wire::bf16};
    std::vector<float> data(1'001, own);
    allreduce(comm, std::span<float>(data), ReduceOp::sum, options);
    EXPECT_THAT(data, testing::Each(1024.0F));

    const std::vector<float> blocks(4 * 1'001, own);
    reduce_scatter(comm, std::span<const float>(blocks), std::span<float>(data), ReduceOp::avg,
                   options);
    EXPECT_THAT(data, testing::Each(256.0F));
  });
}

TEST(Hierarchical, sends_nothing_inside_a_node_and_the_least_between_nodes) {
  constexpr std::size_t count = 6 * 1'024;  // on each rank, or in all blocks together
  constexpr std::size_t bytes = count * sizeof(float);
  struct Case {
    Collective collective;
    std::size_t all_nodes_send;
  };
  for (const auto& [collective, all_nodes_send] :
       {Case{Collective::allreduce, 2 * 2 * bytes}, Case{Collective::reduce_scatter, 2 * bytes},
        Case{Collective::allgather, 2 * bytes}, Case{Collective::broadcast, 2 * bytes}}) {
    const auto call = [kind = collective](Communicator& comm) {
      std::vector<float> all(count);
      std::vector<float> block(count / 6);
      const std::span<float> whole(all);
      const std::span<float> part(block);
      if (kind == Collective::allreduce) allreduce(comm, whole, ReduceOp::sum, by_nodes);
      if (kind == Collective::reduce_scatter)
        reduce_scatter(comm, std::span<const float>(all), part, ReduceOp::sum, by_nodes);
      if (kind == Collective::allgather)
        allgather(comm, std::span<const float>(block), whole, by_nodes);
      if (kind == Collective::broadcast) broadcast(comm, whole, 3, by_nodes);
    };
    const test::Traffic traffic = test::count_messages(
        three_pairs, [](auto&) {}, call);
    EXPECT_EQ(traffic.inside_nodes, 0U) << name_of(collective);
    EXPECT_EQ(traffic.between_nodes, all_nodes_send) << name_of(collective);
  }
}

TEST(Hierarchical, is_refused_to_blocks_on_unequal_nodes_by_all_ranks) {
  // As seen from node 0 alone, three nodes of two ranks.
  run_on_nodes({0, 0, 1, 1, 1, 2}, [](Communicator& comm) {
    EXPECT_EQ(comm.place().smallest_node_size, 1);
    std::vector<float> all(6);
    std::vector<float> block(1);
    EXPECT_THROW(reduce_scatter(comm, std::span<const float>(all), std::span<float>(block),
                                ReduceOp::sum, by_nodes),
                 UsageError);
    EXPECT_THROW(allgather(comm, std::span<const float>(block), std::span<float>(all), by_nodes),
                 UsageError);
    EXPECT_EQ(comm.explain({.collective = Collective::allgather}).find("hierarchical"),
              std::string::npos);
    barrier(comm);
  });
}

}  // namespace
}  // namespace rondo::comm
