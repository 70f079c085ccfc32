// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/comm/device_lane_tree.hpp"

#include "comm/algorithms/blocks.hpp"

namespace rondo::comm {

/// `count` floats, cut into one slice a rank: each begins at a multiple of 64 of them, so that
/// kernels use vectors; the last ones may be shorter or empty.
std::vector<Cut> device_slices(std::size_t count, int ranks);

/// Equal slices of `slice_count` each.
std::vector<Cut> equal_device_slices(std::size_t slice_count, int ranks);

/// As add_along_tree() on a GPU, for any number of pieces: in several launches where there are more
/// than most_device_inputs. Those store what lies between to `slots`, one a piece, each of them the
/// piece's input or apart from all; otherwise slots are not used and may be empty.
void add_pieces(DeviceStream& stream, std::span<const LaneRange> pieces, LaneRange root,
                std::span<const DeviceSpan<const float>> inputs,
                std::span<const DeviceSpan<float>> slots, DeviceSpan<float> output);

}  // namespace rondo::comm
