// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "rondo/base/philox.hpp"
#include "rondo/nn/network.hpp"

#include "nn/network_base.hpp"
#include "nn/topology.hpp"

namespace rondo::nn {
namespace {

using Quad = std::array<float, 4>;

Quad uniform_quad(const Philox::Block& bits) {
  Quad values;
  std::transform(bits.begin(), bits.end(), values.begin(), Philox::uniform);
  return values;
}

/// Box and Muller 1958, twice.
Quad normal_quad(const Philox::Block& bits) {
  const Quad uniform = uniform_quad(bits);
  Quad values;
  for (std::size_t pair = 0; pair < 4; pair += 2) {
    // 1 - u lies in (0, 1], where the logarithm is finite.
    const double radius = std::sqrt(-2.0 * std::log(1.0 - double{uniform[pair]}));
    const double angle = 2.0 * std::numbers::pi * double{uniform[pair + 1]};
    values[pair] = static_cast<float>(radius * std::cos(angle));
    values[pair + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return values;
}

/// values[i] = scale * (offset + number i of the stream)
template <class MakeQuad>
void fill(std::span<float> values, const Philox& random, MakeQuad make_quad, float offset,
          float scale) {
  for (std::size_t begin = 0; begin < values.size(); begin += 4) {
    const Quad quad = make_quad(random.block(begin / 4));
    const auto part = values.subspan(begin, std::min<std::size_t>(4, values.size() - begin));
    std::transform(quad.begin(), quad.begin() + static_cast<std::ptrdiff_t>(part.size()),
                   part.begin(), [=](float x) { return scale * (offset + x); });
  }
}

void fill_he_normal(std::span<float> values, const Philox& random, std::size_t fan_in) {
  fill(values, random, normal_quad, 0.0F, std::sqrt(2.0F / static_cast<float>(fan_in)));
}

void fill_xavier_uniform(std::span<float> values, const Philox& random, std::size_t fans) {
  fill(values, random, uniform_quad, -0.5F, 2.0F * std::sqrt(6.0F / static_cast<float>(fans)));
}

void fill_scales(const Topology& topology, std::span<const ParameterView> views) {
  for (const ResolvedLayer& layer : topology.layers)
    if (const auto* norm = std::get_if<BatchNorm>(&layer.layer))
      std::ranges::fill(views[layer.first_parameter].value, norm->initial_scale);
}

}  // namespace

void initialize(const Network& network, std::span<const ParameterView> views, std::uint64_t seed) {
  initialize(network.spec(), views, seed);
}

void initialize(const NetworkSpec& spec, std::span<const ParameterView> views, std::uint64_t seed) {
  const Topology topology = resolve(spec);
  const std::span<const ParameterSpec> parameters = topology.parameters;
  check_values(parameters, views);
  const ResolvedLayer& last = topology.layers.back();
  const bool ends_in_linear = std::holds_alternative<Linear>(last.layer);

  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto values = views[i].value;
    const Shape& shape = parameters[i].shape;
    const Philox random(seed, RandomPurpose::initialize, static_cast<std::uint32_t>(i));
    if (parameters[i].role != ParameterRole::weight) {
      std::fill(values.begin(), values.end(),
                parameters[i].name.ends_with(".running_var") ? 1.0F : 0.0F);
    } else if (ends_in_linear && i == last.first_parameter) {
      fill_xavier_uniform(values, random, shape[0] + shape[1]);
    } else {
      fill_he_normal(values, random, values.size() / shape[0]);
    }
  }
  fill_scales(topology, views);
}

}  // namespace rondo::nn
