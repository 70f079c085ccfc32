// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "nn/dropout_mask.hpp"
#include "nn/topology.hpp"

namespace rondo::nn::reference {

/// Activations of a batch: (N, C, H, W), row-major.
struct Tensor {
  std::size_t batch_size = 0;
  ImageShape shape;
  std::vector<float> values;

  Tensor() = default;
  Tensor(std::size_t batch, const ImageShape& image)
      : batch_size(batch), shape(image), values(batch * image.elements()) {}
  std::size_t index(std::size_t n, std::size_t c, std::size_t h, std::size_t w) const {
    return ((n * shape.channels + c) * shape.height + h) * shape.width + w;
  }
  float at(std::size_t n, std::size_t c, std::size_t h, std::size_t w) const {
    return values[index(n, c, h, w)];
  }
  float& at(std::size_t n, std::size_t c, std::size_t h, std::size_t w) {
    return values[index(n, c, h, w)];
  }
  /// Adds element by element; a Tensor without values counts as zeros.
  Tensor& operator+=(const Tensor& other);
};

enum class Mode { train, evaluate };

/// What a forward pass is for.
struct Pass {
  Mode mode = Mode::evaluate;
  DropoutKey dropout = {};
};

/// One layer, its parameters, and what it remembers from forward for backward.
class LayerFunction {
 public:
  virtual ~LayerFunction() = default;
  virtual Tensor forward(const Tensor& input, const Pass& pass) = 0;
  /// Returns the gradient of the input of the last forward call in training and adds to the
  /// gradients of the parameters; to those of statistics `weight` times the batch's.
  virtual Tensor backward(const Tensor& input, const Tensor& output_diff, double weight) = 0;
};

/// `views` are those of this layer's parameters. Null for an Add, which needs no function.
std::unique_ptr<LayerFunction> make_layer(const ResolvedLayer& layer,
                                          std::span<const ParameterView> views);

}  // namespace rondo::nn::reference
