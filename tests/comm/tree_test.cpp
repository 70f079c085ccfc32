// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/algorithms/tree.hpp"

#include <algorithm>
#include <bit>
#include <functional>

#include <gtest/gtest.h>

namespace rondo::comm::algorithms {
namespace {

using MakeTree = std::function<Tree(int rank, int root, int size)>;

constexpr int most_ranks = 70;

/// Levels below the root; checks that parents and children agree and that no path is a circle.
int depth_of(const MakeTree& make_tree, int rank, int root, int size) {
  int depth = 0;
  while (const auto parent = make_tree(rank, root, size).parent) {
    const auto siblings = make_tree(*parent, root, size).children;
    EXPECT_EQ(std::ranges::count(siblings, rank), 1) << rank << " below " << *parent;
    if (++depth > size) {
      ADD_FAILURE() << "a circle above rank " << rank << " of " << size;
      return depth;
    }
    rank = *parent;
  }
  EXPECT_EQ(rank, root);
  return depth;
}

/// Checks that the tree spans all ranks; the largest depth.
int height_of(const MakeTree& make_tree, int root, int size) {
  int height = 0;
  std::size_t children = 0;
  for (int rank = 0; rank < size; ++rank) {
    height = std::max(height, depth_of(make_tree, rank, root, size));
    children += make_tree(rank, root, size).children.size();
  }
  EXPECT_EQ(children, static_cast<std::size_t>(size) - 1) << size << " ranks";
  return height;
}

int floor_log2(int number) {
  return static_cast<int>(std::bit_width(static_cast<unsigned>(number))) - 1;
}

MakeTree twin(Twin twin) {
  return [twin](int rank, int root, int size) { return twin_tree(twin, rank, root, size); };
}

TEST(BinomialTree, spans_all_ranks_in_log2_levels) {
  for (int size = 1; size <= most_ranks; ++size)
    EXPECT_EQ(height_of(binomial_tree, size / 3, size), floor_log2(size)) << size;
}

TEST(TwinTrees, span_all_ranks_in_log2_levels_below_a_root_with_one_child) {
  for (const Twin which : {Twin::first, Twin::second}) {
    for (int size = 2; size <= most_ranks; ++size) {
      EXPECT_LE(height_of(twin(which), size / 3, size), floor_log2(size - 1) + 1) << size;
      EXPECT_EQ(twin_tree(which, size / 3, size / 3, size).children.size(), 1U);
    }
  }
}

TEST(TwinTrees, give_children_to_each_rank_in_one_of_them) {
  for (int size = 2; size <= most_ranks; ++size) {
    int in_none_or_both = 0;
    for (int rank = 1; rank < size; ++rank) {
      const bool first = twin_tree(Twin::first, rank, 0, size).children.empty();
      const bool second = twin_tree(Twin::second, rank, 0, size).children.empty();
      in_none_or_both += first == second ? 1 : 0;
    }
    EXPECT_EQ(in_none_or_both, size % 2 == 0 ? 1 : 0) << size;
  }
}

}  // namespace
}  // namespace rondo::comm::algorithms
