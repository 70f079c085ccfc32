// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The libraries where there is no GPU: cuBLASLt is emulated, and cuDNN is the direct kernels.
#include "nn/cuda/libraries.hpp"
#include "nn/cuda/library_convolution.hpp"

namespace rondo::nn::cuda {

std::shared_ptr<Libraries> make_libraries(const Device& device, Precision precision,
                                          PlanChoice choice) {
  return std::make_shared<Libraries>(device, precision, choice, nullptr);
}

std::unique_ptr<Convolution> make_library_convolution(std::shared_ptr<Libraries> /*libraries*/,
                                                      const ConvolutionShape& shape) {
  return make_direct_convolution(shape);
}

}  // namespace rondo::nn::cuda
