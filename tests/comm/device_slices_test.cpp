// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/device_slices.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "support/gpu_arrays.hpp"
#include "support/lane_checks.hpp"

namespace rondo::comm {
namespace {

TEST(DeviceSlices, tile_the_elements_and_begin_where_vectors_do) {
  for (const std::size_t count : {0U, 1U, 63U, 64U, 65U, 1001U, 100'000U}) {
    for (const int ranks : {1, 2, 3, 4, 7}) {
      const auto slices = device_slices(count, ranks);
      ASSERT_EQ(slices.size(), static_cast<std::size_t>(ranks));
      std::size_t end = 0;
      for (const Cut slice : slices) {
        EXPECT_EQ(slice.begin, end);
        EXPECT_TRUE(slice.begin % 64 == 0 || slice.begin == count);
        end = slice.end;
      }
      EXPECT_EQ(end, count);
    }
  }
}

/// More sums than one launch adds, each lane a piece.
void expect_the_trees_bits(std::size_t lanes) {
  SCOPED_TRACE(lanes);
  constexpr std::size_t count = 33;
  const Device device;
  DeviceStream stream(device);
  std::vector<LaneRange> pieces;
  std::vector<test::OnGpu<float>> memories;
  std::vector<DeviceSpan<const float>> inputs;
  std::vector<DeviceSpan<float>> slots;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    std::vector<float> values(count);
    test::plant_lane(lane, values);
    memories.emplace_back(device, stream, values);
    pieces.push_back({lane, lane + 1});
    inputs.emplace_back(memories.back().span());
    slots.push_back(memories.back().span());
  }
  test::OnGpu<float> output(device, stream, std::vector<float>(count));

  add_pieces(stream, pieces, {0, lanes}, inputs, slots, output.span());

  EXPECT_TRUE(test::same_bits(output.read(), test::tree_values({0, lanes}, 0, count)));
}

TEST(AddPieces, has_the_trees_bits_with_more_pieces_than_one_launch_adds) {
  for (const std::size_t lanes : {1U, 64U, 65U, 100U, 128U, 129U, 300U})
    expect_the_trees_bits(lanes);
}

}  // namespace
}  // namespace rondo::comm
