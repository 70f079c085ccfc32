// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/base/float16.hpp"

namespace rondo::nn::cpu::kernel {

/// Max-pooling of one plane: (H, W, channels), channels next to each other. A plane is a block of
/// channels of an image in nChw8c and nChw16c, an image in nhwc, a channel of an image in nchw.
struct MaxPoolShape {
  std::size_t height, width;  ///< of the input
  std::size_t out_height, out_width;
  std::size_t channels;
  std::size_t kernel;  ///< at most `most_max_pool_kernel`
  std::size_t stride;
  std::size_t padding;  ///< below `kernel`

  std::size_t inputs() const { return height * width * channels; }
  std::size_t outputs() const { return out_height * out_width * channels; }
};

/// Its window's positions are told apart by a byte.
inline constexpr std::size_t most_max_pool_kernel = 16;

/// Of equal largest values, row by row, the first one counts, and -0 equals +0; if there are NaNs,
/// the last of them, with its bits. `positions` gets where in its window, padding included, each
/// output's value is; it is not written if null. 4 bytes for each input, 5 for each output; in bf16
/// 2 and 3.
void max_pool(const MaxPoolShape& shape, const float* input, float* output,
              std::uint8_t* positions);
void max_pool(const MaxPoolShape& shape, const bfloat16* input, bfloat16* output,
              std::uint8_t* positions);

/// Each input gets the sum, from 0 on, of what the windows that chose it got, in their order, row
/// by row; in bf16 the sum is f32's and rounded once. Bytes as in the other direction.
void max_pool_backward(const MaxPoolShape& shape, const std::uint8_t* positions,
                       const float* output_diff, float* input_diff);
void max_pool_backward(const MaxPoolShape& shape, const std::uint8_t* positions,
                       const bfloat16* output_diff, bfloat16* input_diff);

}  // namespace rondo::nn::cpu::kernel
