// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/nn/network_spec.hpp"

namespace rondo::nn {
namespace {

using Layers = std::vector<Layer>;

Layers mlp(const ImageShape&, std::size_t classes) {
  return {Linear{.out_features = 256}, Relu{}, Linear{.out_features = 128}, Relu{},
          Linear{.out_features = classes}};
}

/// LeCun et al. 1998, with ReLU and max-pooling.
Layers lenet(const ImageShape&, std::size_t classes) {
  return {Conv2d{.out_channels = 6, .kernel = 5, .padding = 2},
          Relu{},
          MaxPool{},
          Conv2d{.out_channels = 16, .kernel = 5, .padding = 0},
          Relu{},
          MaxPool{},
          Linear{.out_features = 120},
          Relu{},
          Linear{.out_features = 84},
          Relu{},
          Linear{.out_features = classes}};
}

/// Three blocks of convolution, normalisation and pooling; 15 MFLOP forward for 1x28x28.
Layers cnn(const ImageShape&, std::size_t classes) {
  Layers layers;
  for (const std::size_t channels : {32U, 64U, 128U}) {
    layers.insert(layers.end(), {Conv2d{.out_channels = channels, .bias = false}, BatchNorm{},
                                 Relu{}, MaxPool{}});
  }
  layers.emplace_back(Linear{.out_features = classes});
  return layers;
}

void append(Layers& layers, const Layers& more) {
  layers.insert(layers.end(), more.begin(), more.end());
}

/// Convolution and normalisation; the padding keeps the size, but for the stride.
Layers conv_norm(std::size_t channels, std::size_t kernel, std::size_t stride,
                 float initial_scale = 1.0F) {
  return {Conv2d{.out_channels = channels,
                 .kernel = kernel,
                 .stride = stride,
                 .padding = kernel / 2,
                 .bias = false},
          BatchNorm{.initial_scale = initial_scale}};
}

/// The branch of a block whose output has `channels`.
using Branch = Layers (*)(std::size_t channels, std::size_t stride);

Layers basic_branch(std::size_t channels, std::size_t stride) {
  Layers layers = conv_norm(channels, 3, stride);
  layers.emplace_back(Relu{});
  append(layers, conv_norm(channels, 3, 1, 0.0F));
  return layers;
}

constexpr std::size_t bottleneck_expansion = 4;

Layers bottleneck_branch(std::size_t channels, std::size_t stride) {
  const std::size_t inner = channels / bottleneck_expansion;
  Layers layers = conv_norm(inner, 1, 1);
  layers.emplace_back(Relu{});
  append(layers, conv_norm(inner, 3, stride));
  layers.emplace_back(Relu{});
  append(layers, conv_norm(channels, 1, 1, 0.0F));
  return layers;
}

Layers resnet_stem(const ImageShape& input) {
  const bool is_small = input.height <= 64 && input.width <= 64;
  Layers layers = is_small ? conv_norm(64, 3, 1) : conv_norm(64, 7, 2);
  layers.emplace_back(Relu{});
  if (!is_small) layers.emplace_back(MaxPool{.kernel = 3, .stride = 2, .padding = 1});
  return layers;
}

/// He et al. 2016, table 1: `blocks` of each width, the first of which changes width and size.
Layers resnet(const ImageShape& input, std::size_t classes, Branch branch, std::size_t expansion,
              const std::array<std::size_t, 4>& blocks) {
  Layers layers = resnet_stem(input);
  std::size_t channels_before = 64;
  std::size_t channels = 64 * expansion;
  for (std::size_t group = 0; group < blocks.size(); ++group, channels *= 2) {
    for (std::size_t block = 0; block < blocks[group]; ++block) {
      const std::size_t stride = group > 0 && block == 0 ? 2 : 1;
      const bool is_identity = stride == 1 && channels == channels_before;
      layers.emplace_back(
          Residual{.branch = branch(channels, stride),
                   .shortcut = is_identity ? Layers{} : conv_norm(channels, 1, stride)});
      layers.emplace_back(Relu{});
      channels_before = channels;
    }
  }
  append(layers, {GlobalAveragePool{}, Linear{.out_features = classes}});
  return layers;
}

Layers resnet18(const ImageShape& input, std::size_t classes) {
  return resnet(input, classes, basic_branch, 1, {2, 2, 2, 2});
}

Layers resnet50(const ImageShape& input, std::size_t classes) {
  return resnet(input, classes, bottleneck_branch, bottleneck_expansion, {3, 4, 6, 3});
}

/// `layers` with a Dropout before each Linear that has a layer in front.
Layers with_dropout(const Layers& layers, float probability) {
  Layers result;
  for (const Layer& layer : layers) {
    if (std::holds_alternative<Linear>(layer) && !result.empty())
      result.emplace_back(Dropout{probability});
    result.push_back(layer);
  }
  return result;
}

using Model = std::pair<const char*, Layers (*)(const ImageShape& input, std::size_t classes)>;
constexpr std::array<Model, 5> models{
    {{"cnn", cnn}, {"lenet", lenet}, {"mlp", mlp}, {"resnet18", resnet18}, {"resnet50", resnet50}}};

}  // namespace

NetworkSpec make_model(const std::string& name, ImageShape input, std::size_t classes,
                       float dropout) {
  for (const auto& [model_name, layers] : models) {
    if (name != model_name) continue;
    Layers chain = layers(input, classes);
    if (dropout > 0) chain = with_dropout(chain, dropout);
    return {name, input, classes, std::move(chain)};
  }
  throw ConfigError(
      fmt::format("unknown model '{}': choose one of {}", name, fmt::join(model_names(), ", ")));
}

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  names.reserve(models.size());
  for (const auto& model : models)
    names.emplace_back(model.first);
  return names;
}

}  // namespace rondo::nn
