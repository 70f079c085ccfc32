// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace rondo::nn {

/// Channels, height, width of one sample.
struct ImageShape {
  std::size_t channels = 1;
  std::size_t height = 1;
  std::size_t width = 1;
  std::size_t elements() const { return channels * height * width; }
  friend bool operator==(const ImageShape&, const ImageShape&) = default;
};

/// Cross-correlation, (N, C, H, W) * (O, C, K, K); square kernel, zero padding on all sides.
struct Conv2d {
  std::size_t out_channels;
  std::size_t kernel = 3;
  std::size_t stride = 1;
  std::size_t padding = 1;
  bool bias = true;
};
/// y = W x + b over the flattened sample, W (out, in).
struct Linear {
  std::size_t out_features;
  bool bias = true;
};
/// Ioffe and Szegedy 2015, per channel: statistics of the micro-batch in training (biased
/// variance), running averages in evaluation. The running averages are ParameterRole::statistic.
struct BatchNorm {
  float epsilon = 1e-5F;
  float initial_scale = 1.0F;
};
struct Relu {};
/// Over the part of the window that lies on the input: padding never is the largest value.
struct MaxPool {
  std::size_t kernel = 2;
  std::size_t stride = 2;
  std::size_t padding = 0;
};
struct AveragePool {
  std::size_t kernel = 2;
  std::size_t stride = 2;
};
/// Srivastava et al. 2014, inverted: in training an element is 0 with `probability` and else
/// divided by 1 - probability; in evaluation nothing happens. Drawn by Philox from
/// (NetworkOptions::seed, Batch::step, Batch::lane, layer, element of the micro-batch).
struct Dropout {
  float probability = 0.5F;
};
/// The mean of each channel: (C, H, W) to (C, 1, 1).
struct GlobalAveragePool {};
struct Residual;

using Layer = std::variant<Conv2d, Linear, BatchNorm, Relu, MaxPool, AveragePool, GlobalAveragePool,
                           Dropout, Residual>;

/// He et al. 2016: y = branch(x) + shortcut(x), which must have the same shape. A shortcut without
/// layers is x itself. The branch's parameters come before the shortcut's.
struct Residual {
  std::vector<Layer> branch;
  std::vector<Layer> shortcut = {};
};

/// A chain of layers that ends in `classes` logits and softmax cross-entropy.
struct NetworkSpec {
  std::string name;
  ImageShape input;
  std::size_t classes = 10;
  std::vector<Layer> layers;
};

/// The networks that the example trainers know, by name (`model_names()`); with a `dropout` above 0
/// each Linear behind another layer has a Dropout of that probability before it.
///
/// resnet18 and resnet50 are the networks of He et al. 2016 for images of any size, with the stride
/// of a bottleneck in its 3x3 convolution (version 1.5) and the last BatchNorm of each branch at 0
/// in the beginning (Goyal et al. 2017). Images of more than 64 pixels either way meet the usual
/// beginning, a 7x7 convolution and a pool, which leave a quarter of their height and width;
/// smaller ones meet a 3x3 convolution of stride 1 and no pool, as is common for CIFAR.
/// \throws ConfigError  unknown name; the message lists the names.
NetworkSpec make_model(const std::string& name, ImageShape input, std::size_t classes,
                       float dropout = 0.0F);
std::vector<std::string> model_names();

}  // namespace rondo::nn
