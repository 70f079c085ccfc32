// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

#include "rondo/base/device_stream.hpp"

#include "nn/cuda/tensor.hpp"

namespace rondo::nn::cuda {

/// How many blocks add over pixels, at most, unless there are more tiles of channels. The same on
/// all GPUs, as sums depend on it; two or four blocks for each of the 132 multiprocessors of an
/// H100 or H200, which hold that many at once, have equal work.
inline constexpr std::size_t most_slices = 528;
inline constexpr std::size_t most_tile_channels = 256;

/// What two sums over the pixels of a tensor with so many channels need for their slices, if there
/// are those of so many lanes.
constexpr std::size_t slice_sums_for(std::size_t channels, std::size_t lanes = 1) {
  return 2 * std::max(channels * lanes, most_slices * std::min(channels, most_tile_channels));
}

/// Adds the sum of each channel over all pixels to `sums`: the gradient of a bias. Moves the bytes
/// of the type for each element.
void add_channel_sums(DeviceStream& stream, const Tensor& tensor, double* slice_sums, float* sums);

}  // namespace rondo::nn::cuda
