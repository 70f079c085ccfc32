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

Layers mlp(std::size_t classes) {
  return {Linear{.out_features = 256}, Relu{}, Linear{.out_features = 128}, Relu{},
          Linear{.out_features = classes}};
}

/// LeCun et al. 1998, with ReLU and max-pooling.
Layers lenet(std::size_t classes) {
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
Layers cnn(std::size_t classes) {
  Layers layers;
  for (const std::size_t channels : {32U, 64U, 128U}) {
    layers.insert(layers.end(), {Conv2d{.out_channels = channels, .bias = false}, BatchNorm{},
                                 Relu{}, MaxPool{}});
  }
  layers.emplace_back(Linear{.out_features = classes});
  return layers;
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

using Model = std::pair<const char*, Layers (*)(std::size_t classes)>;
constexpr std::array<Model, 3> models{{{"cnn", cnn}, {"lenet", lenet}, {"mlp", mlp}}};

}  // namespace

NetworkSpec make_model(const std::string& name, ImageShape input, std::size_t classes,
                       float dropout) {
  for (const auto& [model_name, layers] : models) {
    if (name != model_name) continue;
    return {name, input, classes,
            dropout > 0 ? with_dropout(layers(classes), dropout) : layers(classes)};
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
