// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/lane_tree.hpp"

#include <array>
#include <span>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/comm/inproc.hpp"

#include "comm/lane_tree_split.hpp"
#include "comm/tree_addition.hpp"

namespace rondo::comm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Values whose sum depends on the order of adding.
std::vector<float> lane_values(std::size_t lane, std::size_t count) {
  const Philox random(lane, RandomPurpose::initialize, 0);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = Philox::uniform(random.block(i)[0]) - 0.5F;
  return values;
}

/// The sum over `node` by the definition of the tree.
std::vector<float> tree_sum(LaneRange node, std::size_t count) {
  if (node.end - node.begin == 1) return lane_values(node.begin, count);
  std::size_t half = 1;
  while (2 * half < node.end - node.begin)
    half *= 2;
  auto left = tree_sum({node.begin, node.begin + half}, count);
  const auto right = tree_sum({node.begin + half, node.end}, count);
  for (std::size_t i = 0; i < count; ++i)
    left[i] += right[i];
  return left;
}

LaneTreeSum sum_of(LaneRange range, std::size_t lanes, std::size_t count) {
  LaneTreeSum sum(lanes, count);
  for (std::size_t lane = range.begin; lane < range.end; ++lane)
    sum.add(lane, lane_values(lane, count));
  return sum;
}

TEST(LaneRange, ranges_tile_the_lanes_in_the_order_of_the_ranks) {
  for (const std::size_t lanes : {0UL, 1UL, 5UL, 13UL, 64UL}) {
    for (int ranks = 1; ranks <= 9; ++ranks) {
      std::size_t next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const LaneRange range = lane_range(rank, ranks, lanes);
        EXPECT_EQ(range.begin, next);
        EXPECT_LE(range.end - range.begin, lanes / static_cast<std::size_t>(ranks) + 1);
        next = range.end;
      }
      EXPECT_EQ(next, lanes);
    }
  }
}

TEST(LaneRange, refuses_a_rank_that_does_not_exist) {
  EXPECT_THROW(lane_range(2, 2, 8), UsageError);
  EXPECT_THROW(lane_range(-1, 2, 8), UsageError);
}

TEST(CoveringNodes, are_the_largest_subtrees) {
  EXPECT_THAT(covering_nodes({0, 8}, 8), ElementsAre(LaneRange{0, 8}));
  EXPECT_THAT(covering_nodes({0, 6}, 8), ElementsAre(LaneRange{0, 4}, LaneRange{4, 6}));
  EXPECT_THAT(covering_nodes({3, 6}, 8), ElementsAre(LaneRange{3, 4}, LaneRange{4, 6}));
  EXPECT_THAT(covering_nodes({8, 13}, 13), ElementsAre(LaneRange{8, 13}));
  EXPECT_THAT(covering_nodes({5, 5}, 8), IsEmpty());
}

TEST(LaneTreeSum, holds_the_covering_nodes_and_their_tree_sums) {
  for (const std::size_t lanes : {1UL, 2UL, 3UL, 5UL, 8UL, 12UL, 13UL}) {
    for (std::size_t begin = 0; begin < lanes; ++begin) {
      for (std::size_t end = begin + 1; end <= lanes; ++end) {
        const auto sum = sum_of({begin, end}, lanes, 7);
        const auto nodes = sum.nodes();
        const auto expected = covering_nodes({begin, end}, lanes);
        ASSERT_EQ(nodes.size(), expected.size());
        for (std::size_t k = 0; k < nodes.size(); ++k) {
          EXPECT_EQ(nodes[k].lanes, expected[k]);
          EXPECT_EQ(std::vector(nodes[k].sum.begin(), nodes[k].sum.end()),
                    tree_sum(expected[k], 7));
        }
      }
    }
  }
}

TEST(LaneTreeSum, takes_lanes_in_order_and_starts_again_after_clear) {
  LaneTreeSum sum(4, 1);
  sum.add(1, lane_values(1, 1));

  EXPECT_THROW(sum.add(3, lane_values(3, 1)), UsageError);
  EXPECT_THROW(sum.add(2, lane_values(2, 2)), UsageError);
  sum.clear();
  EXPECT_THAT(sum.nodes(), IsEmpty());
  sum.add(3, lane_values(3, 1));
  EXPECT_THROW(sum.add(4, lane_values(4, 1)), UsageError);
  EXPECT_EQ(sum.nodes().front().lanes, (LaneRange{3, 4}));
}

TEST(LaneTreeSum, ends_in_place_with_the_same_nodes) {
  for (const std::size_t lanes : {1UL, 2UL, 3UL, 5UL, 8UL, 12UL, 13UL}) {
    for (std::size_t begin = 0; begin < lanes; ++begin) {
      for (std::size_t end = begin + 1; end <= lanes; ++end) {
        auto sum = sum_of({begin, end - 1}, lanes, 7);
        auto values = lane_values(end - 1, 7);
        sum.add_last(end - 1, values);

        const auto nodes = sum.nodes();
        const auto expected = covering_nodes({begin, end}, lanes);
        ASSERT_EQ(nodes.size(), expected.size());
        EXPECT_EQ(nodes.back().sum.data(), values.data());
        for (std::size_t k = 0; k < nodes.size(); ++k) {
          EXPECT_EQ(nodes[k].lanes, expected[k]);
          EXPECT_EQ(std::vector(nodes[k].sum.begin(), nodes[k].sum.end()),
                    tree_sum(expected[k], 7));
        }
      }
    }
  }
}

TEST(LaneTreeSum, works_in_memory_of_the_callers_and_needs_no_more_than_it_says) {
  for (const std::size_t lanes : {1UL, 3UL, 8UL, 13UL}) {
    for (std::size_t begin = 0; begin < lanes; ++begin) {
      const LaneRange range{begin, lanes};
      std::vector<float> memory(most_partials(range, lanes) * 5);
      std::vector<std::span<float>> buffers;
      for (std::size_t k = 0; k < memory.size(); k += 5)
        buffers.push_back(std::span(memory).subspan(k, 5));

      LaneTreeSum sum(lanes, 5, buffers);
      for (std::size_t lane = range.begin; lane < range.end; ++lane)
        sum.add(lane, lane_values(lane, 5));

      EXPECT_EQ(sum.nodes().front().sum.data(), memory.data());
      EXPECT_EQ(std::vector(memory.begin(), memory.begin() + 5),
                tree_sum(covering_nodes(range, lanes).front(), 5));
    }
  }
  EXPECT_EQ(most_partials({4, 4}, 8), 0U);
  EXPECT_EQ(most_partials({0, 7}, 8), 3U);
  EXPECT_EQ(most_partials({1, 8}, 8), 4U);  // 1, 2-3, 4-5, 6
}

TEST(LaneTreeSum, refuses_buffers_that_do_not_suffice_and_lanes_after_the_last) {
  std::vector<float> memory(4);
  EXPECT_THROW(LaneTreeSum(8, 3, {memory}), UsageError);
  LaneTreeSum sum(8, 4, {memory});
  sum.add(1, lane_values(1, 4));
  EXPECT_THROW(sum.add(2, lane_values(2, 4)), UsageError);

  auto values = lane_values(2, 4);
  sum.add_last(2, values);
  EXPECT_THROW(sum.add(3, lane_values(3, 4)), UsageError);
  sum.clear();
  sum.add(5, lane_values(5, 4));
  EXPECT_EQ(sum.nodes().front().sum.data(), memory.data());
}

/// Every way to tile `node` with nodes of its tree.
std::vector<std::vector<LaneRange>> tilings(LaneRange node) {
  std::vector<std::vector<LaneRange>> all{{node}};
  if (node.end - node.begin == 1) return all;
  const std::size_t middle = split_of(node);
  for (const auto& left : tilings({node.begin, middle})) {
    for (const auto& right : tilings({middle, node.end})) {
      all.push_back(left);
      all.back().insert(all.back().end(), right.begin(), right.end());
    }
  }
  return all;
}

/// Of `pieces`, in place of the last one and elsewhere at once.
void expect_tree_sum(const std::vector<LaneRange>& pieces, std::size_t lanes, std::size_t count,
                     Stores stores) {
  const auto expected = tree_sum({0, lanes}, count);
  std::vector<std::vector<float>> sums;
  std::vector<const std::byte*> inputs;
  for (const LaneRange piece : pieces)
    inputs.push_back(std::as_bytes(std::span(sums.emplace_back(tree_sum(piece, count)))).data());
  std::vector<float> other(count);
  const std::array outputs{std::as_writable_bytes(std::span(sums.back())).data(),
                           std::as_writable_bytes(std::span(other)).data()};

  TreeAddition(pieces, {0, lanes}).add(inputs, outputs, count * sizeof(float), stores);

  EXPECT_EQ(other, expected) << lanes << " lanes in " << pieces.size() << " pieces";
  EXPECT_EQ(sums.back(), expected) << "in place of the last piece";
}

TEST(TreeAddition, adds_any_pieces_along_the_tree) {
  for (const std::size_t lanes : {1UL, 2UL, 5UL, 7UL}) {
    for (const auto& pieces : tilings({0, lanes})) {
      for (const std::size_t count : {0UL, 1UL, 19UL, 517UL}) {
        expect_tree_sum(pieces, lanes, count, Stores::cached);
        expect_tree_sum(pieces, lanes, count, Stores::streaming);
      }
    }
  }
}

TEST(TreeAddition, adds_many_lanes_one_by_one) {
  for (const std::size_t lanes : {64UL, 127UL, 1'000UL}) {
    std::vector<LaneRange> leaves;
    leaves.reserve(lanes);
    for (std::size_t lane = 0; lane < lanes; ++lane)
      leaves.push_back({lane, lane + 1});
    expect_tree_sum(leaves, lanes, 37, Stores::cached);
  }
}

TEST(TreeAddition, adds_the_pieces_of_one_subtree) {
  constexpr std::size_t count = 40;
  const std::vector<LaneRange> pieces{{4, 6}, {6, 7}};  // below the right child of [0, 7)
  const auto left = tree_sum(pieces[0], count);
  const auto right = tree_sum(pieces[1], count);
  const std::array inputs{std::as_bytes(std::span(left)).data(),
                          std::as_bytes(std::span(right)).data()};
  std::vector<float> sum(count);
  std::byte* const output = std::as_writable_bytes(std::span(sum)).data();

  TreeAddition(pieces, {4, 7})
      .add(inputs, std::span(&output, 1), count * sizeof(float), Stores::cached);

  EXPECT_EQ(sum, tree_sum({4, 7}, count));
}

TEST(AllreduceLanes, refuses_nodes_that_are_not_this_ranks) {
  run_ranks(2, [](Communicator& comm) {
    std::vector<float> result(3);
    const auto other = sum_of(lane_range(1 - comm.rank(), 2, 6), 6, 3);
    const auto longer = sum_of(lane_range(comm.rank(), 2, 6), 6, 4);

    EXPECT_THROW(comm.allreduce_lanes(other.nodes(), 6, result), UsageError);
    EXPECT_THROW(comm.allreduce_lanes(longer.nodes(), 6, result), UsageError);
    EXPECT_THROW(comm.allreduce_lanes({}, 6, result), UsageError);
    EXPECT_THROW(comm.allreduce_lanes({}, 0, result), UsageError);
  });
}

}  // namespace
}  // namespace rondo::comm
