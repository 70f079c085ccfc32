// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

#include "rondo/base/device_stream.hpp"

#include "nn/cuda/tensor.hpp"

namespace rondo::nn::cuda {

/// How many blocks add over pixels, at most, unless there are more tiles of channels.
inline constexpr std::size_t most_slices = 512;
inline constexpr std::size_t most_tile_channels = 256;

/// What two sums over the pixels of a tensor with so many channels need for their parts.
constexpr std::size_t slice_sums_for(std::size_t channels) {
  return 2 * std::max(channels, most_slices * std::min(channels, most_tile_channels));
}

/// Adds the sum of each channel over all pixels to `sums`: the gradient of a bias. Moves the bytes
/// of the type for each element.
void add_channel_sums(DeviceStream& stream, const Tensor& tensor, double* slice_sums, float* sums);

}  // namespace rondo::nn::cuda
