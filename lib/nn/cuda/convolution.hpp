// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "rondo/base/device_span.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/nn/device_network.hpp"

#include "nn/cuda/element_wise.hpp"
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

/// What a forward pass does with its sums before it rounds them.
struct ConvolutionTail {
  const float* bias = nullptr;  ///< one f32 for each output channel, or null
  Activation activation = Activation::none;
};

/// A BatchNorm by known numbers, with an Add behind it or not: scale and shift of each channel.
struct Normaliser {
  const float* scale;
  const float* shift;
  Tensor addend = {};  ///< without data: none
  Activation activation = Activation::none;
};

/// All that a layer's passes read and write for batches of one size.
struct ConvolutionTensors {
  Tensor input;
  Tensor output;
  Tensor output_diff;
  Tensor input_diff;  ///< without data where nobody wants it
  const void* weights = nullptr;
  DeviceSpan<float> gradient;  ///< of the weights
  ConvolutionTail tail = {};   ///< its numbers may be any
};

/// One layer's products with its weights. Tensors and weights are of one type, sums of f32 or more;
/// any batch size. Each function queues its work on the stream, and does not wait.
class Convolution {
 public:
  virtual ~Convolution() = default;
  virtual void forward(DeviceStream& stream, const Tensor& input, const void* weights,
                       const ConvolutionTail& tail, const Tensor& output) = 0;
  /// Whether forward_normalised() has not failed yet for what is alike, whatever the addresses.
  virtual bool may_normalise(std::size_t /*batch*/, const Normaliser& /*behind*/) const {
    return false;
  }
  /// forward() and what is behind it in one kernel; false, with nothing queued, where that cannot
  /// be had.
  virtual bool forward_normalised(DeviceStream& /*stream*/, const Tensor& /*input*/,
                                  const void* /*weights*/, const Normaliser& /*behind*/,
                                  const Tensor& /*output*/) {
    return false;
  }
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
