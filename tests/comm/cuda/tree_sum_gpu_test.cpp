// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Sums along the lane tree on a GPU against the CPU's: the same bits.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/comm/device_lane_tree.hpp"

#include "comm/tree_addition.hpp"
#include "support/gpu_arrays.hpp"
#include "support/large_gpu.hpp"

namespace rondo::comm {
namespace {

/// Sums over the nodes that `ranks` ranks hold of `lanes` lanes, as a slice's owner adds them.
struct Slices {
  std::vector<LaneRange> nodes;
  std::vector<std::vector<float>> sums;

  Slices(int ranks, std::size_t lanes, std::size_t count) {
    const RankNodes all(ranks, lanes);
    nodes.assign(all.all().begin(), all.all().end());
    for (std::size_t k = 0; k < nodes.size(); ++k)
      sums.push_back(test::gpu_floats(count, static_cast<unsigned>(k), true));
  }

  std::vector<float> added(std::size_t lanes) const {
    const TreeAddition tree(nodes, {0, lanes});
    std::vector<const std::byte*> inputs;
    for (const auto& sum : sums)
      inputs.push_back(std::as_bytes(std::span(sum)).data());
    std::vector<float> result(sums[0].size());
    std::byte* const output = std::as_writable_bytes(std::span(result)).data();
    tree.add(inputs, {&output, 1}, result.size() * sizeof(float), Stores::cached);
    return result;
  }
};

void expect_as_on_the_cpu(int ranks, std::size_t lanes, std::size_t count, std::size_t offset) {
  SCOPED_TRACE(std::to_string(ranks) + " ranks, " + std::to_string(lanes) + " lanes, offset " +
               std::to_string(offset));
  const Device device;
  DeviceStream stream(device);
  const Slices slices(ranks, lanes, count);
  std::vector<test::OnGpu<float>> memories;
  std::vector<DeviceSpan<const float>> inputs;
  for (const auto& sum : slices.sums)
    memories.emplace_back(device, stream, sum, offset);
  for (auto& memory : memories)
    inputs.emplace_back(memory.span());
  test::OnGpu<float> output(device, stream, std::vector<float>(count), offset);
  const std::vector<float> expected = slices.added(lanes);

  add_along_tree(stream, slices.nodes, {0, lanes}, inputs, output.span());
  EXPECT_TRUE(test::same_bits(output.read(), expected));

  // In place.
  add_along_tree(stream, slices.nodes, {0, lanes}, inputs, memories.back().span());
  EXPECT_TRUE(test::same_bits(memories.back().read(), expected));
}

TEST(DeviceTreeSum, has_the_cpus_bits_for_any_ranks_and_lanes) {
  for (const int ranks : {1, 2, 3, 4, 5, 7, 8})
    for (const std::size_t lanes : {8U, 11U, 12U, 16U, 30U})
      expect_as_on_the_cpu(ranks, lanes, 1001, 0);
  expect_as_on_the_cpu(64, 64, 1001, 0);
}

TEST(DeviceTreeSum, has_the_cpus_bits_at_any_length_and_offset) {
  for (const std::size_t count : test::odd_counts(Device()))
    for (const std::size_t offset : test::offsets)
      expect_as_on_the_cpu(3, 12, count, offset);
}

TEST(DeviceTreeSum, has_the_cpus_bits_behind_more_elements_than_31_bits_count) {
  const Device device;
  DeviceStream stream(device);
  const test::Windows windows(test::large_count(device, 12));
  const Slices slices(2, 2, windows.elements());
  DeviceMemory<float> left(device, windows.count(), "a test's sums");
  DeviceMemory<float> right(device, windows.count(), "a test's sums");
  DeviceMemory<float> output(device, windows.count(), "a test's sums");
  windows.write(stream, slices.sums.front(), left.span());
  windows.write(stream, slices.sums.back(), right.span());

  const std::vector<DeviceSpan<const float>> inputs{left.span(), right.span()};
  add_along_tree(stream, slices.nodes, {0, 2}, inputs, output.span());
  EXPECT_TRUE(test::same_bits(windows.read(stream, output.span()), slices.added(2)));
}

void expect_lanes_as_on_the_cpu(LaneRange range, std::size_t lanes, std::size_t count) {
  SCOPED_TRACE(std::to_string(range.begin) + " to " + std::to_string(range.end) + " of " +
               std::to_string(lanes));
  const Device device;
  DeviceStream stream(device);
  DeviceLaneTreeSum found(device, range, lanes, count);
  LaneTreeSum expected(lanes, count);
  for (std::size_t lane = range.begin; lane < range.end; ++lane) {
    const std::vector<float> values = test::gpu_floats(count, static_cast<unsigned>(lane), true);
    test::OnGpu<float> memory(device, stream, values);
    found.add(stream, lane, memory.span());
    expected.add(lane, values);
    stream.wait();
  }
  ASSERT_EQ(found.nodes().size(), expected.nodes().size());
  for (std::size_t k = 0; k < found.nodes().size(); ++k) {
    std::vector<float> sum(count);
    copy<float>(stream, found.nodes()[k].sum, std::span(sum));
    stream.wait();
    const auto wanted = expected.nodes()[k];
    EXPECT_EQ(found.nodes()[k].lanes, wanted.lanes);
    EXPECT_TRUE(test::same_bits(sum, std::vector<float>(wanted.sum.begin(), wanted.sum.end())));
  }
}

TEST(DeviceLaneTreeSum, has_the_cpus_bits) {
  for (const std::size_t lanes : {1U, 2U, 3U, 7U, 8U, 13U})
    for (std::size_t begin = 0; begin < lanes; ++begin)
      expect_lanes_as_on_the_cpu({begin, lanes}, lanes, 1001);
  expect_lanes_as_on_the_cpu({0, 6}, 8, 1);
  expect_lanes_as_on_the_cpu({3, 3}, 8, 100);
}

TEST(DeviceLaneTreeSum, refuses_lanes_out_of_order_and_other_lengths) {
  const Device device;
  DeviceStream stream(device);
  DeviceMemory<float> values(device, 100, "a test");
  DeviceLaneTreeSum sum(device, {0, 4}, 8, 100);

  EXPECT_THROW(sum.add(stream, 0, values.span().first(99)), UsageError);
  sum.add(stream, 0, values.span());
  EXPECT_THROW(sum.add(stream, 2, values.span()), UsageError);
  sum.clear();
  EXPECT_NO_THROW(sum.add(stream, 0, values.span()));
  stream.wait();
}

}  // namespace
}  // namespace rondo::comm
