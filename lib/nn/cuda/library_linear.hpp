// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include "nn/cuda/convolution.hpp"
#include "nn/cuda/cublaslt.hpp"
#include "nn/cuda/element_wise.hpp"
#include "nn/cuda/libraries.hpp"

namespace rondo::nn::cuda {

/// One number for each output, or null.
struct Bias {
  const float* values = nullptr;
  const void* working = nullptr;  ///< in the type of the layers, at a multiple of 16 bytes
};

/// Where the gradient of a bias is added, or null.
struct BiasGradient {
  float* sum = nullptr;
  double* slice_sums = nullptr;  ///< see slice_sums_for()
};

/// A Linear by cuBLASLt, which is asked for the way to do it when a batch size first occurs: the
/// fastest by its heuristics. Sums are of f32, and those of a weight's gradient are not rounded.
///
/// Bias, ReLU and the bias's gradient are epilogues of the products; where cuBLASLt has no such
/// epilogue they are kernels of our own. Each function queues its work on the stream, and does not
/// wait.
class LibraryLinear {
 public:
  LibraryLinear(std::shared_ptr<Libraries> libraries, const ConvolutionShape& shape);

  /// The activation of input * weights^T + bias. Weights are (K, R, S, C).
  void forward(DeviceStream& stream, const Tensor& input, const void* weights, const Bias& bias,
               Activation activation, const Tensor& output);
  void backward_data(DeviceStream& stream, const Tensor& output_diff, const void* weights,
                     const Tensor& input_diff);
  /// Writes the gradient of the weights, (K, R, S, C), and adds that of the bias.
  void backward_weights(DeviceStream& stream, const Tensor& input, const Tensor& output_diff,
                        DeviceSpan<float> gradient, const BiasGradient& bias);

 private:
  enum class Pass : std::uint8_t { forward, backward_data, backward_weights };
  struct Way {
    cublaslt::Plan plan;
    bool has_epilogue;
  };
  struct Key {
    Pass pass;
    std::size_t batch;
    cublasLtEpilogue_t epilogue;
    auto operator<=>(const Key&) const = default;
  };

  const Way& way_for(const Key& key);
  cublaslt::Problem problem_of(const Key& key) const;
  void run(DeviceStream& stream, const cublaslt::Plan& plan, const cublaslt::Addresses& addresses);

  std::shared_ptr<Libraries> libraries_;
  std::size_t inputs_;
  std::size_t outputs_;
  std::map<Key, Way> ways_;
};

}  // namespace rondo::nn::cuda
