// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scale/model.hpp"

#include <algorithm>

namespace rondo::scale {

double ModelWork::seconds() const {
  double sum = 0;
  for (const LayerWork& layer : layers)
    sum += layer.forward_seconds + layer.backward_seconds;
  return sum;
}

std::size_t ModelWork::gradient_bytes() const {
  std::size_t elements = 0;
  for (const LayerWork& layer : layers)
    elements += layer.elements;
  return elements * sizeof(float);
}

double ModelWork::least_step_seconds(double share, double reduction_seconds) const {
  const auto bytes = static_cast<double>(gradient_bytes());
  double now = 0;
  for (const LayerWork& layer : layers)
    now += share * layer.forward_seconds;
  double left = bytes;
  double least = 0;
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
    now += share * layer->backward_seconds;
    least = std::max(least, now + reduction_seconds * left / bytes);
    left -= static_cast<double>(layer->elements * sizeof(float));
  }
  return std::max(least, now);
}

void ModelWork::scale_to(double seconds_in_all) {
  const double factor = seconds_in_all / seconds();
  for (LayerWork& layer : layers) {
    layer.forward_seconds *= factor;
    layer.backward_seconds *= factor;
  }
}

std::vector<ParameterSpec> parameters_of(const ModelWork& model) {
  std::vector<ParameterSpec> specs;
  for (const LayerWork& layer : model.layers)
    if (layer.elements > 0) specs.push_back({.name = layer.name, .shape = {layer.elements}});
  return specs;
}

}  // namespace rondo::scale
