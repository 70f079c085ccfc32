// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "rondo/base/float16.hpp"

#include "nn/cpu/kernels/max_pool.hpp"

/// BatchNorm, ReLU and a MaxPool of 2 x 2 as one layer, plane by plane: what lies between them is
/// in nobody's memory. Each function takes one plane of bf16 and f32 numbers of its channels.
namespace rondo::nn::cpu::kernel {

/// Channels of a plane must be a multiple of so many.
inline constexpr std::size_t norm_pool_channels = 16;

/// Whether the functions below take such planes: windows of 2 x 2 side by side, from the first row
/// and column on.
bool can_norm_pool(const MaxPoolShape& shape);

/// `mean`, and the sum of the squares of the distances from it: two passes. 2 bytes for each input,
/// which stays in the cache.
void measure_plane(const MaxPoolShape& shape, const bfloat16* input, float* mean, float* squares);

/// Of output positions whose ReLU lets nothing pass.
inline constexpr std::uint8_t no_position = 4;

/// output = the largest of a window's max(0, scale input + shift), each rounded to bf16; of equal
/// ones the first, and of NaNs the last, which come before all numbers: a NaN passes the ReLU,
/// which alone would make it 0. `positions` gets which it was, row by row, or no_position; it is
/// not written if null. 2 bytes for each input, 3 for each output.
void normalise_and_pool(const MaxPoolShape& shape, const bfloat16* input, const float* scale,
                        const float* shift, bfloat16* output, std::uint8_t* positions);

/// sums = sum of d and products = sum of d (input - mean), d being the gradient of what BatchNorm
/// wrote: output_diff where an input was chosen, 0 elsewhere. 2 bytes for each input, 3 for each
/// output.
void sum_norm_pool_diffs(const MaxPoolShape& shape, const bfloat16* input, const float* mean,
                         const std::uint8_t* positions, const bfloat16* output_diff, float* sums,
                         float* products);

/// input_diff = scale d + slope input + offset. 4 bytes for each input, 3 for each output.
void norm_pool_backward(const MaxPoolShape& shape, const bfloat16* input, const float* scale,
                        const float* slope, const float* offset, const std::uint8_t* positions,
                        const bfloat16* output_diff, bfloat16* input_diff);

}  // namespace rondo::nn::cpu::kernel
