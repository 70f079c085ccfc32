// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/device_slices.hpp"

#include <algorithm>
#include <array>

#include "comm/lane_tree_split.hpp"

namespace rondo::comm {
namespace {

constexpr std::size_t slice_granule = 64;

}  // namespace

std::vector<Cut> device_slices(std::size_t count, int ranks) {
  const std::size_t granules = (count + slice_granule - 1) / slice_granule;
  std::vector<Cut> slices;
  for (int rank = 0; rank < ranks; ++rank) {
    const Cut cut = cut_of(granules, rank, ranks);
    slices.push_back(
        {std::min(cut.begin * slice_granule, count), std::min(cut.end * slice_granule, count)});
  }
  return slices;
}

std::vector<Cut> equal_device_slices(std::size_t slice_count, int ranks) {
  std::vector<Cut> slices;
  for (std::size_t rank = 0; rank < static_cast<std::size_t>(ranks); ++rank)
    slices.push_back({rank * slice_count, (rank + 1) * slice_count});
  return slices;
}

void add_pieces(DeviceStream& stream, std::span<const LaneRange> pieces, LaneRange root,
                std::span<const DeviceSpan<const float>> inputs,
                std::span<const DeviceSpan<float>> slots, DeviceSpan<float> output) {
  if (pieces.size() == 1 && inputs[0].data() == output.data()) return;
  if (pieces.size() <= most_device_inputs)
    return add_along_tree(stream, pieces, root, inputs, output);
  const std::size_t middle = split_of(root);
  const auto is_left = [&](LaneRange piece) { return piece.end <= middle; };
  const auto left =
      static_cast<std::size_t>(std::ranges::partition_point(pieces, is_left) - pieces.begin());
  const std::array<LaneRange, 2> children{LaneRange{root.begin, middle}, {middle, root.end}};
  add_pieces(stream, pieces.first(left), children[0], inputs.first(left), slots.first(left),
             slots[0]);
  add_pieces(stream, pieces.subspan(left), children[1], inputs.subspan(left), slots.subspan(left),
             slots[left]);
  const std::array<DeviceSpan<const float>, 2> sums{slots[0], slots[left]};
  add_along_tree(stream, children, root, sums, output);
}

}  // namespace rondo::comm
