// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "rondo/base/device.hpp"
#include "rondo/nn/device_network.hpp"
#include "rondo/precision/policy.hpp"

#include "nn/cuda/convolution.hpp"

namespace rondo::nn::cuda {

/// NVIDIA's libraries as one network uses them, with the memory that its layers share.
class Libraries;

/// \throws ConfigError  a build without them; DeviceError  they could not start
std::shared_ptr<Libraries> make_libraries(const Device& device, Precision precision,
                                          PlanChoice choice);

/// DeviceKernels::libraries: by cuDNN, which is asked for the ways to do it when a shape and batch
/// size first occur among the layers that share `libraries`. Sums are of f32. Gradients of weights
/// of a shorter type are rounded to it once. Errors name the layer.
std::unique_ptr<Convolution> make_library_convolution(std::shared_ptr<Libraries> libraries,
                                                      std::string_view layer,
                                                      const ConvolutionShape& shape);

}  // namespace rondo::nn::cuda
