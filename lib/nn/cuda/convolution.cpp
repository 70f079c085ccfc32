// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/convolution.hpp"

namespace rondo::nn::cuda {

bool has_weights(const ResolvedLayer& layer) {
  return std::holds_alternative<Conv2d>(layer.layer) || std::holds_alternative<Linear>(layer.layer);
}

ConvolutionShape convolution_shape(const ResolvedLayer& layer) {
  if (const auto* conv = std::get_if<Conv2d>(&layer.layer))
    return {layer.input, layer.output, conv->kernel, conv->kernel, conv->stride, conv->padding};
  return {layer.input, layer.output, layer.input.height, layer.input.width};
}

}  // namespace rondo::nn::cuda
