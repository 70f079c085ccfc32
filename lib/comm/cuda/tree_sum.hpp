// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "rondo/base/device_span.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/comm/device_lane_tree.hpp"

namespace rondo::comm::cuda {

/// A sum along a tree, by value: `merges` as add_along_tree() in comm/kernels/reduce.hpp has them.
struct TreeSum {
  std::array<const float*, most_device_inputs> inputs{};
  std::array<std::uint8_t, most_device_inputs> merges{};
  std::size_t input_count = 0;
  std::size_t levels = 0;  ///< how many sums wait at a time
  float* output = nullptr;
};

/// \throws UsageError  other lengths than the output's, or too many inputs or levels
TreeSum tree_sum(std::span<const DeviceSpan<const float>> inputs,
                 std::span<const std::uint8_t> merges, DeviceSpan<float> output);

/// Queues the sum of `count` elements.
void add(DeviceStream& stream, const TreeSum& sum, std::size_t count);

}  // namespace rondo::comm::cuda
