// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/no_cuda.hpp"
#include "nn/cuda/library_convolution.hpp"

namespace rondo::nn::cuda {

std::shared_ptr<Libraries> make_libraries(const Device& /*device*/, Precision /*precision*/,
                                          PlanChoice /*choice*/) {
  no_cuda();
}

std::unique_ptr<Convolution> make_library_convolution(std::shared_ptr<Libraries> /*libraries*/,
                                                      const ConvolutionShape& /*shape*/) {
  no_cuda();
}

}  // namespace rondo::nn::cuda
