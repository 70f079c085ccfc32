// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/comm/lane_tree.hpp"

namespace rondo::comm {

/// How many sums one launch adds, and how many of them wait at a time for what they are added to.
inline constexpr std::size_t most_device_inputs = 64;
inline constexpr std::size_t most_device_levels = 16;

/// Stores the sum of `inputs`, sums over the `pieces` that tile `root` from left to right, to
/// `output`: added along the lane tree, with the CPU's bits but for the sign and payload of a NaN.
///
/// Queued on `stream`: one launch, 4 bytes an element of every input and of the output. `output`
/// may be one of the inputs, exactly; otherwise nothing overlaps. \throws UsageError  not as many
/// inputs as pieces, other lengths, or more than the constants above
void add_along_tree(DeviceStream& stream, std::span<const LaneRange> pieces, LaneRange root,
                    std::span<const DeviceSpan<const float>> inputs, DeviceSpan<float> output);

/// The sum over one node of the lane tree, in a GPU's memory.
struct DeviceLaneNode {
  LaneRange lanes;
  DeviceSpan<const float> sum;
};

/// LaneTreeSum in a GPU's memory: the same tree, the same bits.
///
/// Local. Whatever is added is read when `stream` comes to it.
class DeviceLaneTreeSum {
 public:
  /// Takes all memory that the lanes of `range` need. \throws DeviceError  out of memory
  DeviceLaneTreeSum(const Device& device, LaneRange range, std::size_t lanes, std::size_t count);

  /// As LaneTreeSum::add(). One launch, or a copy. \throws UsageError  as there
  void add(DeviceStream& stream, std::size_t lane, DeviceSpan<const float> values);

  /// The sums of the largest complete nodes so far, in order. Views, valid until the next add() or
  /// clear().
  std::vector<DeviceLaneNode> nodes() const;

  /// Forgets all lanes and keeps the memory.
  void clear() noexcept { counter_.clear(); }

 private:
  DeviceSpan<float> buffer(std::size_t k) { return memory_.span().subspan(k * count_, count_); }

  LaneCounter counter_;
  std::size_t count_;
  std::size_t buffers_;
  DeviceMemory<float> memory_;  // node k of the counter in buffer k
};

}  // namespace rondo::comm
