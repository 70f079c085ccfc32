// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What a GPU's sums along the lane tree decide without a GPU.
#include "rondo/comm/device_lane_tree.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "comm/cuda/tree_sum.hpp"
#include "comm/tree_addition.hpp"

namespace rondo::comm {
namespace {

using Inputs = std::vector<DeviceSpan<const float>>;

/// Views of the same memory, which nobody reads.
Inputs inputs_of(std::size_t inputs, std::size_t count) {
  static float memory = 0;
  return Inputs(inputs, DeviceSpan<const float>(&memory, count));
}

std::vector<LaneRange> leaves(std::size_t lanes) {
  std::vector<LaneRange> pieces;
  for (std::size_t i = 0; i < lanes; ++i)
    pieces.push_back({i, i + 1});
  return pieces;
}

cuda::TreeSum sum_of_leaves(std::size_t lanes) {
  static float output = 0;
  const TreeAddition tree(leaves(lanes), {0, lanes});
  return cuda::tree_sum(inputs_of(lanes, 10), tree.merges(), {&output, 10});
}

TEST(DeviceTreeSum, knows_how_many_sums_wait) {
  EXPECT_EQ(sum_of_leaves(1).levels, 0U);
  EXPECT_EQ(sum_of_leaves(2).levels, 0U);
  EXPECT_EQ(sum_of_leaves(3).levels, 0U);
  EXPECT_EQ(sum_of_leaves(4).levels, 1U);
  EXPECT_EQ(sum_of_leaves(8).levels, 2U);
  EXPECT_EQ(sum_of_leaves(64).levels, 5U);
}

TEST(DeviceTreeSum, refuses_more_sums_than_it_adds_and_other_lengths) {
  float output = 0;
  EXPECT_THROW(sum_of_leaves(65), UsageError);
  const std::vector<std::uint8_t> merges{0, 1};
  EXPECT_THROW(cuda::tree_sum(inputs_of(2, 9), merges, {&output, 10}), UsageError);
  std::vector<std::uint8_t> deep(20, 0);
  deep.back() = 19;
  EXPECT_THROW(cuda::tree_sum(inputs_of(20, 10), deep, {&output, 10}), UsageError);
}

TEST(LaneCounter, merges_as_the_tree_splits) {
  LaneCounter counter(7);
  const std::vector<std::size_t> expected{0, 1, 0, 2, 0, 1, 2};
  for (std::size_t lane = 0; lane < 7; ++lane) {
    const std::size_t merged = counter.merged_by(lane);
    EXPECT_EQ(merged, expected[lane]) << "lane " << lane;
    counter.take(lane, merged);
  }
  ASSERT_EQ(counter.nodes().size(), 1U);
  EXPECT_EQ(counter.nodes()[0], (LaneRange{0, 7}));
  EXPECT_THROW(counter.merged_by(7), UsageError);
  counter.clear();
  EXPECT_NO_THROW(counter.merged_by(3));
}

}  // namespace
}  // namespace rondo::comm
