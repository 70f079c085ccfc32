// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/base/device_stream.hpp"

#include "nn/cuda/lane.hpp"
#include "nn/cuda/tensor.hpp"

/// What goes through tensors once, element by element. Bytes are those that a kernel moves for each
/// element, b being those of the type. Inputs and outputs have the same shape; an output may be one
/// of the inputs, except for images.
namespace rondo::nn::cuda {

enum class Activation : std::uint8_t { none, relu };

/// The lane's images, (N, C, H, W) in f32, to a tensor: 4 + b bytes.
void convert_images(DeviceStream& stream, const Lane* lane, const Tensor& output);

/// max(input, 0), and 0 for NaN: 2 b bytes.
void relu(DeviceStream& stream, const Tensor& input, const Tensor& output);

/// The gradient where `output` is above 0, else 0: 3 b bytes. `output` is relu()'s.
void relu_backward(DeviceStream& stream, const Tensor& output, const Tensor& output_diff,
                   const Tensor& input_diff);

/// a + b, and their relu(): 3 b bytes.
void add(DeviceStream& stream, const Tensor& a, const Tensor& b, Activation activation,
         const Tensor& sum);

/// Adds a channel's bias to each of its elements: 2 b bytes.
void add_bias(DeviceStream& stream, const Tensor& tensor, const float* bias);

/// Multiplies by a mask, drawn again in each direction: 2 b bytes, and ten rounds of Philox for
/// each element. The masks are in the GPU's memory, one for each of the `lanes` equally long lanes
/// that the batch is.
void dropout(DeviceStream& stream, const DropoutMask* masks, std::size_t lanes, const Tensor& input,
             const Tensor& output);

}  // namespace rondo::nn::cuda
