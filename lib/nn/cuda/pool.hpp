// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "rondo/base/device_stream.hpp"

#include "nn/cuda/tensor.hpp"

/// Pools. Bytes are those that a kernel moves for each element if the cache keeps what windows
/// share, b being those of the type.
namespace rondo::nn::cuda {

struct Window {
  std::size_t height;
  std::size_t width;
  std::size_t stride = 1;
  std::size_t padding = 0;
};

/// Where in its window an output's value comes from: row by row.
using WindowPosition = std::uint16_t;
inline constexpr std::size_t most_window_positions = std::size_t{1} << 16;

/// Of equal largest values the first one, row by row; if there are NaNs, the last of them.
/// `positions`, as long as the output, is not written if null. b bytes for each input, b + 2 for
/// each output.
void max_pool(DeviceStream& stream, const Window& window, const Tensor& input, const Tensor& output,
              WindowPosition* positions);

/// Each input gathers what the windows that chose it got, in their order. b bytes for each input,
/// b + 2 for each output.
void max_pool_backward(DeviceStream& stream, const Window& window, const WindowPosition* positions,
                       const Tensor& output_diff, const Tensor& input_diff);

/// Sums in f32, row by row; windows without padding. b bytes for each input and output.
void average_pool(DeviceStream& stream, const Window& window, const Tensor& input,
                  const Tensor& output);
void average_pool_backward(DeviceStream& stream, const Window& window, const Tensor& output_diff,
                           const Tensor& input_diff);

}  // namespace rondo::nn::cuda
