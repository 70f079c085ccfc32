// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/comm/device_lane_tree.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/cuda/tree_sum.hpp"
#include "comm/tree_addition.hpp"

namespace rondo::comm {
namespace {

/// How many sums wait at a time, of the tree that the merges give.
std::size_t levels_of(std::span<const std::uint8_t> merges) {
  std::size_t begun = 0;
  std::size_t most = 0;
  for (const std::uint8_t merged : merges) {
    if (merged == 0) most = std::max(most, begun);
    begun = begun + 1 - merged;
  }
  return most;
}

}  // namespace

cuda::TreeSum cuda::tree_sum(std::span<const DeviceSpan<const float>> inputs,
                             std::span<const std::uint8_t> merges, DeviceSpan<float> output) {
  const std::size_t levels = levels_of(merges);
  if (inputs.size() > most_device_inputs || levels > most_device_levels)
    throw UsageError(
        fmt::format("a GPU adds {} sums with {} waiting at once, found {} with {}: use fewer ranks "
                    "or lanes, or numbers of them that are powers of two",
                    most_device_inputs, most_device_levels, inputs.size(), levels));
  TreeSum sum{.input_count = inputs.size(), .levels = levels, .output = output.data()};
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k].size() != output.size())
      throw UsageError(fmt::format("sum {} has {} values, the result has {}", k, inputs[k].size(),
                                   output.size()));
    sum.inputs[k] = inputs[k].data();
  }
  std::ranges::copy(merges, sum.merges.begin());
  return sum;
}

void add_along_tree(DeviceStream& stream, std::span<const LaneRange> pieces, LaneRange root,
                    std::span<const DeviceSpan<const float>> inputs, DeviceSpan<float> output) {
  require(inputs.size() == pieces.size() && !pieces.empty(),
          "a tree has as many sums as pieces, and at least one");
  const TreeAddition tree(pieces, root);
  cuda::add(stream, cuda::tree_sum(inputs, tree.merges(), output), output.size());
}

DeviceLaneTreeSum::DeviceLaneTreeSum(const Device& device, LaneRange range, std::size_t lanes,
                                     std::size_t count)
    : counter_(lanes),
      count_(count),
      buffers_(most_partials(range, lanes)),
      memory_(device, buffers_ * count, "the partial sums of the lanes") {}

void DeviceLaneTreeSum::add(DeviceStream& stream, std::size_t lane,
                            DeviceSpan<const float> values) {
  const std::size_t merged = counter_.merged_by(lane);
  if (values.size() != count_)
    throw UsageError(
        fmt::format("lane {} has {} values, the sum has {}", lane, values.size(), count_));
  const std::size_t kept = counter_.nodes().size() - merged;
  if (kept == buffers_)
    throw UsageError(fmt::format("lane {} is not one of those that memory was taken for", lane));
  // The last sibling is added to the values, the one before to that, and so on.
  std::vector<DeviceSpan<const float>> inputs{values};
  for (std::size_t k = counter_.nodes().size(); k-- > kept;)
    inputs.emplace_back(buffer(k));
  std::vector<std::uint8_t> merges(inputs.size(), 1);
  merges[0] = 0;
  cuda::add(stream, cuda::tree_sum(inputs, merges, buffer(kept)), count_);
  counter_.take(lane, merged);
}

std::vector<DeviceLaneNode> DeviceLaneTreeSum::nodes() const {
  std::vector<DeviceLaneNode> nodes;
  for (std::size_t k = 0; k < counter_.nodes().size(); ++k)
    nodes.push_back({counter_.nodes()[k], memory_.span().subspan(k * count_, count_)});
  return nodes;
}

}  // namespace rondo::comm
