// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/comm/tuning.hpp"

#include "comm/shared_ranks.hpp"
#include "support/collective_checks.hpp"

/// Collectives through the memory of a node.
namespace rondo::comm {
namespace {

using test::describe_case;
using test::expect_reduction;
using test::planted_data;

/// All dtypes and ops for short data; for more elements than go in one shot, not a whole number of
/// chunks, one of each.
void check_allreduce_of_all_lengths(Communicator& comm) {
  test::check_allreduce(comm, 2'053);
  for (const std::size_t count : {40'009UL, 200'003UL}) {
    auto data = planted_data<float>(comm.rank(), count);
    allreduce(comm, std::span<float>(data), ReduceOp::avg);
    expect_reduction(
        data, ReduceOp::avg, comm.size(), 0,
        describe_case("allreduce", comm.rank(), comm.size(), count, DType::f32, ReduceOp::avg));
  }
}

class SharedRanks : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(one_to_nine, SharedRanks, testing::Range(1, 10));

TEST_P(SharedRanks, short_calls_equal_the_oracle) {
  run_node(GetParam(), test::check_all_collectives);
}

TEST_P(SharedRanks, private_buffers_equal_the_oracle) {
  run_node(GetParam(), [](Communicator& comm) {
    check_allreduce_of_all_lengths(comm);
    for (const std::size_t count : {2'053UL, 70'001UL}) {
      test::check_allgather(comm, count);
      test::check_broadcast(comm, count);
    }
    test::check_reduce_scatter(comm, 2'053);
  });
}

TEST_P(SharedRanks, rounded_sums_have_the_same_bits_on_all_ranks) {
  std::vector<std::vector<float>> results(static_cast<std::size_t>(GetParam()));
  run_node(GetParam(), [&](Communicator& comm) {
    auto& all = results[static_cast<std::size_t>(comm.rank())];
    for (const std::size_t count : {11UL, 5'003UL, 50'021UL}) {
      std::vector<float> data(count);
      for (std::size_t i = 0; i < data.size(); ++i)
        data[i] = 1.0F / static_cast<float>(1 + i + 7 * static_cast<std::size_t>(comm.rank()));
      allreduce(comm, std::span<float>(data), ReduceOp::avg);
      all.insert(all.end(), data.begin(), data.end());
    }
  });
  for (const auto& result : results)
    EXPECT_EQ(result, results[0]);
}

TEST(SharedMemory, many_operations_in_flight_complete_in_order) {
  for (const Progress progress : {Progress::caller, Progress::thread}) {
    run_node(3,
             [](Communicator& comm) {
               std::vector<std::vector<int>> data;
               std::vector<std::unique_ptr<Work>> works;
               for (std::size_t k = 0; k < 40; ++k) {
                 data.push_back(planted_data<int>(comm.rank(), k % 3 == 0 ? 5 : 3'001 * (k % 5)));
                 works.push_back(comm.allreduce(std::as_writable_bytes(std::span(data.back())),
                                                DType::i32, ReduceOp::sum));
               }
               wait(comm, *works.back());
               for (std::size_t k = 0; k < works.size(); ++k) {
                 EXPECT_TRUE(works[k]->done());
                 expect_reduction(data[k], ReduceOp::sum, 3, 0, "in flight");
               }
             },
             {.time_limit = std::chrono::seconds(30), .progress = progress});
  }
}

TEST(SharedMemory, odd_tuning_cuts_no_element_and_no_slot) {
  const auto tuning = std::make_shared<Tuning>();
  for (const std::size_t chunk : {std::size_t{0}, std::size_t{5'001}, std::size_t{1} << 30}) {
    tuning->shared_memory = {.one_shot_bytes = chunk, .staging_chunk_bytes = chunk};
    CommunicatorOptions options = patient;
    options.tuning = tuning;
    run_node(
        3,
        [](Communicator& comm) {
          std::vector<double> data = planted_data<double>(comm.rank(), 40'009);
          allreduce(comm, std::span<double>(data), ReduceOp::sum);
          expect_reduction(data, ReduceOp::sum, 3, 0, "odd chunks");
          test::check_reduce_scatter(comm, 2'053);
        },
        options);
  }
}

TEST(SharedMemory, is_not_used_when_switched_off) {
  run_node(2,
           [](Communicator& comm) {
             EXPECT_EQ(comm.place().nodes, 2);
             EXPECT_EQ(comm.place().node_size, 1);
             test::check_allreduce(comm, 5'003);
           },
           {.time_limit = std::chrono::seconds(30), .shared_memory = false});
}

TEST(SharedMemory, place_numbers_nodes_and_their_ranks) {
  run_ranks(
      5,
      [](Communicator& comm) {
        const Place& place = comm.place();
        EXPECT_EQ(place.nodes, 3);
        EXPECT_EQ(place.node, comm.rank() / 2);
        EXPECT_EQ(place.node_rank, comm.rank() % 2);
        EXPECT_EQ(place.node_size, comm.rank() == 4 ? 1 : 2);
        test::check_all_collectives(comm);
      },
      patient, 2);
}

TEST(SharedMemory, a_split_by_node_shares_memory) {
  run_ranks(
      6,
      [](Communicator& comm) {
        const auto node = comm.split(comm.place().node, -comm.rank());
        EXPECT_EQ(node->place().nodes, 1);
        EXPECT_EQ(node->size(), 3);
        EXPECT_EQ(node->rank(), 2 - comm.place().node_rank);
        test::check_all_collectives(*node);
        EXPECT_EQ(comm.split(-1, 0), nullptr);
      },
      patient, 3);
}

TEST(SharedMemory, splitting_waits_for_what_is_under_way) {
  run_node(2, [](Communicator& comm) {
    std::vector<float> data(50'000, 1);
    const auto work =
        comm.allreduce(std::as_writable_bytes(std::span(data)), DType::f32, ReduceOp::sum);
    if (comm.rank() == 1) wait(comm, *work);
    const auto all = comm.split(0, 0);
    wait(comm, *work);
    EXPECT_EQ(data.back(), 2.0F);
    test::check_allreduce(*all, 17);
  });
}

}  // namespace
}  // namespace rondo::comm
