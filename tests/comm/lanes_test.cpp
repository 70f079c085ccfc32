// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/inproc.hpp"
#include "rondo/comm/tuning.hpp"

#include "support/lane_checks.hpp"

/// Sums over lanes on threads: by messages, and through a node's memory.
namespace rondo::comm {
namespace {

using test::LaneMemory;
using testing::HasSubstr;

enum class Nodes { one_a_rank, one };

class LaneSums : public testing::TestWithParam<std::tuple<int, Nodes>> {
 protected:
  static void run(const std::function<void(Communicator&)>& body) {
    const auto [ranks, nodes] = GetParam();
    run_ranks(ranks, body, {.time_limit = std::chrono::seconds(60)},
              nodes == Nodes::one ? ranks : 1);
  }
};

INSTANTIATE_TEST_SUITE_P(ranks, LaneSums,
                         testing::Combine(testing::Values(1, 2, 3, 4, 5, 6, 7, 8, 16),
                                          testing::Values(Nodes::one_a_rank, Nodes::one)));

TEST_P(LaneSums, have_the_bits_of_the_tree_for_any_number_of_lanes) {
  std::array<std::size_t, 17> lanes{};
  std::iota(lanes.begin(), lanes.end(), 1);
  for (const LaneMemory kind : {LaneMemory::private_memory, LaneMemory::windows}) {
    run([&](Communicator& comm) {
      test::check_all_sums_over_lanes(comm, kind, lanes, std::array{std::size_t{37}});
    });
  }
}

TEST_P(LaneSums, have_the_bits_of_the_tree_for_any_length) {
  constexpr std::array<std::size_t, 3> lanes{6, 8, 13};
  constexpr std::array<std::size_t, 5> counts{0, 1, 3, 509, 4'099};
  for (const LaneMemory kind : {LaneMemory::private_memory, LaneMemory::windows}) {
    run([&](Communicator& comm) { test::check_all_sums_over_lanes(comm, kind, lanes, counts); });
  }
}

TEST_P(LaneSums, need_windows_on_all_ranks_or_go_by_messages) {
  run([](Communicator& comm) {
    test::LaneBuffers windows(comm, LaneMemory::windows, 10'000);
    test::LaneBuffers own(comm, LaneMemory::private_memory, 10'000);
    auto& buffers = comm.rank() == comm.size() - 1 ? own : windows;
    test::check_sum_over_lanes(comm, Collective::allreduce_lanes, {11, 101}, buffers);
    test::check_sum_over_lanes(comm, Collective::reduce_scatter_lanes, {11, 101}, buffers);
  });
}

TEST(LaneSums, stored_past_the_cache_have_the_same_bits) {
  Tuning tuning;
  tuning.shared_memory.streaming_bytes = 1;
  for (const int ranks : {2, 3, 5, 8})
    run_ranks(
        ranks,
        [](Communicator& comm) {
          test::check_all_sums_over_lanes(comm, LaneMemory::windows, std::array{std::size_t{9}},
                                          std::array{std::size_t{61}, std::size_t{20'011}});
        },
        {.time_limit = std::chrono::seconds(60), .tuning = std::make_shared<Tuning>(tuning)},
        ranks);
}

TEST(LaneValues, add_up_to_other_bits_in_the_order_of_the_lanes) {
  // If this fails, the values cannot tell one order from another.
  constexpr std::size_t count = 100;
  constexpr std::size_t lanes = 6;
  std::vector<float> in_order(count);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    for (std::size_t i = 0; i < count; ++i)
      in_order[i] += test::lane_value(lane, i);
  }

  const auto along_tree = test::tree_values({0, lanes}, 0, count);
  const auto differing = std::inner_product(in_order.begin(), in_order.end(), along_tree.begin(), 0,
                                            std::plus(), std::not_equal_to());
  EXPECT_GT(differing, 10);
}

/// What `call` throws on every rank of two, each of which has one of two lanes.
void expect_refused(const std::function<void(Communicator&, std::span<float>)>& call,
                    const char* text) {
  run_ranks(2, [&](Communicator& comm) {
    std::vector<float> memory(64);
    try {
      call(comm, memory);
      ADD_FAILURE() << "no error";
    } catch (const UsageError& e) {
      EXPECT_THAT(e.what(), HasSubstr(text));
    }
  });
}

std::vector<LaneNode> own_lane(const Communicator& comm, std::span<const float> sum) {
  return {{lane_range(comm.rank(), 2, 2), sum}};
}

TEST(LaneSums, refuse_a_result_that_overlaps_a_sum_elsewhere) {
  expect_refused(
      [](Communicator& comm, std::span<float> memory) {
        comm.allreduce_lanes(own_lane(comm, memory.first(8)), 2, memory.subspan(1, 8));
      },
      "the result overlaps the sum of lanes");
  expect_refused(
      [](Communicator& comm, std::span<float> memory) {
        const std::size_t others = comm.rank() == 0 ? 4 : 0;
        comm.reduce_scatter_lanes(own_lane(comm, memory.first(8)), 2, memory.subspan(others, 4));
      },
      "the result overlaps the sum of lanes");
}

TEST(LaneSums, refuse_sums_of_another_length) {
  expect_refused(
      [](Communicator& comm, std::span<float> memory) {
        comm.allreduce_lanes(own_lane(comm, memory.first(8)), 2, memory.subspan(32, 4));
      },
      "has 8 elements, allreduce_lanes needs 4");
  expect_refused(
      [](Communicator& comm, std::span<float> memory) {
        comm.reduce_scatter_lanes(own_lane(comm, memory.first(8)), 2, memory.subspan(32, 8));
      },
      "has 8 elements, reduce_scatter_lanes needs 16");
}

TEST(LaneSums, that_differ_between_ranks_are_told_apart) {
  run_ranks(
      2,
      [](Communicator& comm) {
        std::vector<float> sum(4);
        std::vector<float> result(comm.rank() == 0 ? 4 : 2);
        const auto nodes = own_lane(comm, sum);
        try {
          if (comm.rank() == 0)
            wait(comm, *comm.allreduce_lanes(nodes, 2, result));
          else
            wait(comm, *comm.reduce_scatter_lanes(nodes, 2, result));
          ADD_FAILURE() << "no error";
        } catch (const CommError& e) {
          EXPECT_THAT(e.what(), HasSubstr("calls allreduce_lanes of 2 lanes, 4 elements"));
          EXPECT_THAT(e.what(), HasSubstr("calls reduce_scatter_lanes of 2 lanes, 2 elements"));
        }
      },
      {.time_limit = std::chrono::seconds(30)}, 2);
}

}  // namespace
}  // namespace rondo::comm
