// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/tuning.hpp"

#include "comm/node_subtrees.hpp"
#include "support/count_messages.hpp"
#include "support/lane_checks.hpp"
#include "support/run_on_nodes.hpp"

/// Sums over lanes on several nodes of several ranks.
namespace rondo::comm {
namespace {

using test::LaneMemory;
using test::run_on_nodes;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array over_lanes{Collective::allreduce_lanes, Collective::reduce_scatter_lanes};

std::vector<std::size_t> lanes_up_to(std::size_t most) {
  std::vector<std::size_t> lanes(most);
  std::iota(lanes.begin(), lanes.end(), 1);
  return lanes;
}

std::vector<LaneRange> lanes_of(const std::vector<Subtree>& subtrees) {
  std::vector<LaneRange> lanes;
  for (const Subtree& subtree : subtrees)
    lanes.push_back(subtree.lanes);
  return lanes;
}

TEST(SubtreesOfNodes, are_one_a_node_where_its_lanes_are_a_whole_subtree) {
  const std::vector nodes{0, 0, 1, 1};

  const auto found = subtrees_of_nodes(RankNodes(4, 8), nodes, 8);

  EXPECT_THAT(found,
              ElementsAre(ElementsAre(Subtree{{0, 4}, 0, 2}), ElementsAre(Subtree{{4, 8}, 2, 4})));
}

TEST(SubtreesOfNodes, join_the_pieces_of_neighbouring_ranks) {
  const std::vector nodes{0, 0, 1, 1};

  const auto found = subtrees_of_nodes(RankNodes(4, 6), nodes, 6);  // of ranks: 0, 1-2, 3, 4-5

  EXPECT_THAT(lanes_of(found[0]), ElementsAre(LaneRange{0, 2}, LaneRange{2, 3}));
  EXPECT_THAT(lanes_of(found[1]), ElementsAre(LaneRange{3, 4}, LaneRange{4, 6}));
}

TEST(SubtreesOfNodes, are_the_covering_nodes_of_what_ranks_in_a_row_run) {
  const std::vector nodes{0, 0, 0, 1, 2, 2};
  const std::array<int, 4> first_rank{0, 3, 4, 6};
  for (const std::size_t lanes : lanes_up_to(40)) {
    const auto found = subtrees_of_nodes(RankNodes(6, lanes), nodes, lanes);
    for (std::size_t node = 0; node < found.size(); ++node) {
      const LaneRange run{lane_range(first_rank.at(node), 6, lanes).begin,
                          lane_range(first_rank.at(node + 1) - 1, 6, lanes).end};
      EXPECT_EQ(lanes_of(found[node]), covering_nodes(run, lanes)) << lanes << " lanes";
    }
  }
}

TEST(SubtreesOfNodes, tile_the_lanes_wherever_ranks_are) {
  const std::vector nodes{0, 1, 2, 0, 2, 1, 1};
  for (const std::size_t lanes : lanes_up_to(40)) {
    std::vector<Subtree> all;
    for (const auto& subtrees : subtrees_of_nodes(RankNodes(7, lanes), nodes, lanes))
      all.insert(all.end(), subtrees.begin(), subtrees.end());
    std::ranges::sort(all, {}, &Subtree::first_piece);
    std::size_t next = 0;
    for (const Subtree& subtree : all) {
      EXPECT_EQ(subtree.lanes.begin, next);
      next = subtree.lanes.end;
    }
    EXPECT_EQ(next, lanes);
  }
}

/// Short sums too go by nodes, where that fits.
CommunicatorOptions node_options(std::size_t segment_bytes = TransportTuning{}.segment_bytes) {
  auto tuning = std::make_shared<Tuning>();
  for (const Collective collective : over_lanes)
    tuning->rules.push_back({collective, Algorithm::hierarchical});
  tuning->transport.segment_bytes = segment_bytes;
  return {.time_limit = std::chrono::seconds(60), .tuning = std::move(tuning)};
}

/// By rank, its node: equal and unequal ones, single ranks, and ranks that go round the nodes.
class LanesOnNodes : public testing::TestWithParam<std::vector<int>> {
 protected:
  static void run(const std::function<void(Communicator&)>& body) {
    run_on_nodes(GetParam(), body, node_options());
  }
};

INSTANTIATE_TEST_SUITE_P(
    shapes, LanesOnNodes,
    testing::Values(std::vector{0, 0, 1}, std::vector{0, 0, 1, 1}, std::vector{0, 1, 0, 1},
                    std::vector{0, 1, 1, 1, 0}, std::vector{0, 0, 1, 1, 1, 2},
                    std::vector{0, 0, 0, 1, 1, 1}, std::vector{0, 1, 2, 2, 1, 0},
                    std::vector{0, 0, 1, 1, 2, 2, 3, 3},
                    std::vector{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}),
    [](const auto& nodes) { return fmt::format("n{}", fmt::join(nodes.param, "")); });

TEST_P(LanesOnNodes, have_the_bits_of_the_tree_for_any_number_of_lanes) {
  run([](Communicator& comm) {
    test::check_all_sums_over_lanes(comm, LaneMemory::windows, lanes_up_to(17),
                                    std::array{std::size_t{37}});
  });
}

TEST_P(LanesOnNodes, have_the_bits_of_the_tree_for_any_length) {
  constexpr std::array<std::size_t, 3> lanes{6, 8, 13};
  constexpr std::array<std::size_t, 5> counts{0, 1, 3, 509, 4'099};
  run([&](Communicator& comm) {
    test::check_all_sums_over_lanes(comm, LaneMemory::windows, lanes, counts);
  });
}

TEST_P(LanesOnNodes, go_in_segments_of_any_length) {
  run_on_nodes(
      GetParam(),
      [](Communicator& comm) {
        test::check_all_sums_over_lanes(comm, LaneMemory::windows,
                                        std::array{std::size_t{5}, std::size_t{8}},
                                        std::array{std::size_t{2'003}});
      },
      node_options(100));
}

TEST_P(LanesOnNodes, in_private_memory_of_some_ranks_go_by_messages) {
  run([](Communicator& comm) {
    test::LaneBuffers windows(comm, LaneMemory::windows, 10'000);
    test::LaneBuffers own(comm, LaneMemory::private_memory, 10'000);
    auto& buffers = comm.rank() == 1 ? own : windows;
    for (const Collective collective : over_lanes) {
      test::check_sum_over_lanes(comm, collective, {11, 101}, buffers);
      test::check_sum_over_lanes(comm, collective, {11, 101}, windows);
    }
  });
}

/// All nodes' messages in one sum of `count` elements in all.
test::Traffic traffic_of(const std::vector<int>& nodes, Collective collective, std::size_t lanes,
                         std::size_t count) {
  std::vector<std::unique_ptr<test::LaneBuffers>> buffers(nodes.size());
  const auto allocate = [&](Communicator& comm) {
    buffers[static_cast<std::size_t>(comm.rank())] =
        std::make_unique<test::LaneBuffers>(comm, LaneMemory::windows, 10 * count);
  };
  const auto call = [=, &buffers](Communicator& comm) {
    const bool scatters = collective == Collective::reduce_scatter_lanes;
    const std::size_t parts = scatters ? static_cast<std::size_t>(comm.size()) : 1;
    test::check_sum_over_lanes(comm, collective, {lanes, count / parts},
                               *buffers[static_cast<std::size_t>(comm.rank())]);
  };
  return test::count_messages(nodes, allocate, call, node_options());
}

TEST(LanesOnNodes, send_as_little_as_other_sums_where_nodes_have_whole_subtrees) {
  constexpr std::size_t count = 6 * 1'024;
  constexpr std::size_t bytes = count * sizeof(float);

  const auto all = traffic_of({0, 0, 1, 1}, Collective::allreduce_lanes, 8, count);
  const auto parts = traffic_of({0, 0, 1, 1}, Collective::reduce_scatter_lanes, 8, count);
  const auto four = traffic_of({0, 0, 1, 1, 2, 2, 3, 3}, Collective::allreduce_lanes, 16, count);

  EXPECT_EQ(all.inside_nodes + parts.inside_nodes + four.inside_nodes, 0U);
  EXPECT_EQ(all.between_nodes, 2 * bytes);
  EXPECT_EQ(parts.between_nodes, bytes);
  EXPECT_EQ(four.between_nodes, 2 * 3 * bytes);
}

TEST(LanesOnNodes, send_each_subtree_of_a_node_once) {
  constexpr std::size_t count = 6 * 1'024;
  constexpr std::size_t bytes = count * sizeof(float);

  const auto in_rows = traffic_of({0, 0, 1, 1}, Collective::allreduce_lanes, 6, count);
  const auto in_turns = traffic_of({0, 1, 0, 1}, Collective::reduce_scatter_lanes, 8, count);

  EXPECT_EQ(in_rows.inside_nodes + in_turns.inside_nodes, 0U);
  EXPECT_EQ(in_rows.between_nodes, (2 + 1) * bytes);
  EXPECT_EQ(in_turns.between_nodes, 2 * bytes);
}

TEST(LanesOnNodes, are_explained) {
  run_on_nodes({0, 0, 1, 1, 1}, [](Communicator& comm) {
    std::vector<std::byte> result(std::size_t{256} << 10);
    const auto explained = [&](Collective collective, std::size_t bytes) {
      return comm.explain({.collective = collective,
                           .dtype = DType::f32,
                           .output = std::span(result).first(bytes),
                           .lanes = 5});
    };
    EXPECT_THAT(explained(Collective::allreduce_lanes, result.size()),
                HasSubstr("allreduce_lanes 256 KiB, 5 ranks on 2 nodes: hierarchical"));
    EXPECT_THAT(explained(Collective::allreduce_lanes, 1'024), HasSubstr("2 nodes: direct"));
    EXPECT_THAT(explained(Collective::reduce_scatter_lanes, result.size()),
                HasSubstr("2 nodes: direct"));  // nodes of different size
    barrier(comm);
  });
}

TEST(LanesOnNodes, that_differ_between_nodes_are_refused_before_anything_changes) {
  const auto body = [](Communicator& comm) {
    const std::size_t lanes = comm.place().node == 0 ? 4 : 8;
    test::LaneBuffers buffers(comm, LaneMemory::windows, 64);
    const auto sum = buffers.take(8);
    const auto result = buffers.take(8);
    const std::vector<LaneNode> nodes{{lane_range(comm.rank(), comm.size(), lanes), sum}};
    try {
      wait(comm, *comm.allreduce_lanes(nodes, lanes, result));
      ADD_FAILURE() << "no error";
    } catch (const CommError& e) {
      EXPECT_THAT(e.what(), HasSubstr("calls allreduce_lanes of 4 lanes, 8 elements"));
      EXPECT_THAT(e.what(), HasSubstr("calls allreduce_lanes of 8 lanes, 8 elements"));
    }
    EXPECT_THAT(result, testing::Each(0.0F));
  };
  run_on_nodes({0, 0, 1, 1}, body, node_options());
}

}  // namespace
}  // namespace rondo::comm
