// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "rondo/base/device_span.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/nn/device_network.hpp"

#include "nn/cuda/tensor.hpp"
#include "nn/topology.hpp"

namespace rondo::nn::cuda {

/// A Conv2d, or a Linear: the convolution whose kernel covers its input. Weights are, in a GPU's
/// memory, (K, R, S, C): output channel, row and column of the kernel, input channel.
struct ConvolutionShape {
  ImageShape input;
  ImageShape output;
  std::size_t kernel_height = 1;
  std::size_t kernel_width = 1;
  std::size_t stride = 1;
  std::size_t padding = 0;

  std::size_t kernel_elements() const { return kernel_height * kernel_width; }
  std::size_t weights() const { return output.channels * kernel_elements() * input.channels; }
};

bool has_weights(const ResolvedLayer& layer);
/// Of a layer that has_weights().
ConvolutionShape convolution_shape(const ResolvedLayer& layer);

/// All that a layer's passes read and write for batches of one size.
struct ConvolutionTensors {
  Tensor input;
  Tensor output;
  Tensor output_diff;
  Tensor input_diff;  ///< without data where nobody wants it
  const void* weights = nullptr;
  DeviceSpan<float> gradient;  ///< of the weights
};

/// One layer's products with its weights. Tensors and weights are of one type, sums of f32 or more;
/// any batch size. Each function queues its work on the stream, and does not wait.
class Convolution {
 public:
  virtual ~Convolution() = default;
  /// `bias` is one f32 for each output channel, added before rounding, or null.
  virtual void forward(DeviceStream& stream, const Tensor& input, const void* weights,
                       const float* bias, const Tensor& output) = 0;
  virtual void backward_data(DeviceStream& stream, const Tensor& output_diff, const void* weights,
                             const Tensor& input_diff) = 0;
  /// Writes the gradient of the weights, (K, R, S, C).
  virtual void backward_weights(DeviceStream& stream, const Tensor& input,
                                const Tensor& output_diff, DeviceSpan<float> gradient) = 0;
  /// Where ways are chosen by their time, those for this batch size are now, with what `tensors`
  /// have in them, whose results are overwritten. May wait for the GPU.
  virtual void choose(DeviceStream& /*stream*/, const ConvolutionTensors& /*tensors*/) {}
};

/// DeviceKernels::direct.
std::unique_ptr<Convolution> make_direct_convolution(const ConvolutionShape& shape);

}  // namespace rondo::nn::cuda
