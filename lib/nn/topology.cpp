// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/topology.hpp"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::nn {
namespace {

std::string text_of(const ImageShape& shape) {
  return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
}

/// What a visitor of the layers knows and finds out about one of them.
class LayerResolver {
 public:
  LayerResolver(std::string network, const ImageShape& input, Topology& topology)
      : network_(std::move(network)), shape_(input), topology_(topology) {}

  void add(const Layer& layer) {
    std::visit([this](const auto& l) { add_layer(l); }, layer);
  }

  const ImageShape& shape() const { return shape_; }

 private:
  template <class SomeLayer>
  void add_layer(const SomeLayer& layer) {
    current_ = {.layer = layer,
                .name = {},
                .index = topology_.layers.size(),
                .source = value_,
                .input = shape_,
                .output = shape_,
                .first_parameter = topology_.parameters.size(),
                .parameter_count = 0};
    resolve_layer(layer);
    current_.parameter_count = topology_.parameters.size() - current_.first_parameter;
    shape_ = current_.output;
    topology_.layers.push_back(std::move(current_));
    value_ = topology_.layers.size();
  }

  void add_layer(const Residual& residual) {
    const std::size_t input = value_;
    const ImageShape input_shape = shape_;
    for (const Layer& layer : residual.branch)
      add(layer);
    const std::size_t branch = std::exchange(value_, input);
    const ImageShape branch_shape = std::exchange(shape_, input_shape);
    for (const Layer& layer : residual.shortcut)
      add(layer);
    shortcut_ = std::exchange(value_, branch);
    shortcut_shape_ = std::exchange(shape_, branch_shape);
    add_layer(Add{});
  }

  void resolve_layer(const Conv2d& conv) {
    set_name("conv");
    check(conv.out_channels > 0, "out_channels must be at least 1");
    check(conv.padding < conv.kernel, "padding must be below the kernel size");
    current_.output = {conv.out_channels,
                       window_count(shape_.height + 2 * conv.padding, conv.kernel, conv.stride),
                       window_count(shape_.width + 2 * conv.padding, conv.kernel, conv.stride)};
    add_parameter("weight", {conv.out_channels, shape_.channels, conv.kernel, conv.kernel},
                  ParameterRole::weight);
    if (conv.bias) add_parameter("bias", {conv.out_channels}, ParameterRole::bias);
  }

  void resolve_layer(const Linear& linear) {
    set_name("linear");
    check(linear.out_features > 0, "out_features must be at least 1");
    current_.output = {linear.out_features, 1, 1};
    add_parameter("weight", {linear.out_features, shape_.elements()}, ParameterRole::weight);
    if (linear.bias) add_parameter("bias", {linear.out_features}, ParameterRole::bias);
  }

  void resolve_layer(const BatchNorm& norm) {
    set_name("bn");
    check(norm.epsilon > 0, "epsilon must be above 0");
    add_parameter("scale", {shape_.channels}, ParameterRole::bias);
    add_parameter("shift", {shape_.channels}, ParameterRole::bias);
    add_parameter("running_mean", {shape_.channels}, ParameterRole::statistic);
    add_parameter("running_var", {shape_.channels}, ParameterRole::statistic);
  }

  void resolve_layer(const Relu&) { set_name("relu"); }

  void resolve_layer(const MaxPool& pool) {
    set_name("maxpool");
    check(pool.padding < pool.kernel, "padding must be below the kernel size");
    resolve_pool(pool.kernel, pool.stride, pool.padding);
  }

  void resolve_layer(const AveragePool& pool) {
    set_name("avgpool");
    resolve_pool(pool.kernel, pool.stride, 0);
  }

  void resolve_layer(const GlobalAveragePool&) {
    set_name("globalpool");
    current_.output = {shape_.channels, 1, 1};
  }

  void resolve_layer(const Add&) {
    set_name("add");
    check(shape_ == shortcut_shape_,
          fmt::format("the shortcut has {}: give it the same shape", text_of(shortcut_shape_)));
    check(current_.source != shortcut_, "a residual needs layers in its branch");
    current_.shortcut = shortcut_;
  }

  void resolve_layer(const Dropout& dropout) {
    set_name("dropout");
    check(dropout.probability >= 0 && dropout.probability < 1, "probability must be in [0, 1)");
  }

  void resolve_pool(std::size_t kernel, std::size_t stride, std::size_t padding) {
    current_.output = {shape_.channels, window_count(shape_.height + 2 * padding, kernel, stride),
                       window_count(shape_.width + 2 * padding, kernel, stride)};
  }

  void set_name(const char* kind) {
    current_.name = fmt::format("{}{}", kind, ++layers_of_kind_[kind]);
  }

  void add_parameter(const char* suffix, Shape shape, ParameterRole role) {
    topology_.parameters.push_back(
        {fmt::format("{}.{}", current_.name, suffix), std::move(shape), role});
  }

  std::size_t window_count(std::size_t extent, std::size_t kernel, std::size_t stride) const {
    check(kernel > 0 && stride > 0, "kernel and stride must be at least 1");
    check(kernel <= extent, fmt::format("a {0}x{0} kernel does not fit into it", kernel));
    return (extent - kernel) / stride + 1;
  }

  void check(bool ok, const std::string& problem) const {
    if (ok) return;
    throw UsageError(
        fmt::format("network '{}': layer {} ({}), input {} (channels x height x "
                    "width): {}",
                    network_, topology_.layers.size(), current_.name, text_of(shape_), problem));
  }

  std::string network_;
  ImageShape shape_;          ///< of the value that the next layer reads
  std::size_t value_ = 0;     ///< its number
  std::size_t shortcut_ = 0;  ///< what an Add reads besides
  ImageShape shortcut_shape_;
  Topology& topology_;
  ResolvedLayer current_;
  std::map<std::string, int> layers_of_kind_;
};

}  // namespace

std::vector<std::size_t> Topology::readers() const {
  std::vector<std::size_t> counts(layers.size() + 1);
  for (const ResolvedLayer& layer : layers) {
    ++counts[layer.source];
    if (std::holds_alternative<Add>(layer.layer)) ++counts[layer.shortcut];
  }
  return counts;
}

Topology resolve(const NetworkSpec& spec) {
  if (spec.input.elements() == 0 || spec.classes == 0 || spec.layers.empty())
    throw UsageError(fmt::format("network '{}': input {}, {} classes, {} layers: none may be 0",
                                 spec.name, text_of(spec.input), spec.classes, spec.layers.size()));
  Topology topology;
  LayerResolver resolver(spec.name, spec.input, topology);
  for (const Layer& layer : spec.layers)
    resolver.add(layer);
  if (resolver.shape().elements() != spec.classes)
    throw UsageError(
        fmt::format("network '{}' ends in layer {} with output {}, but there are {} "
                    "classes: let the last layer be Linear({})",
                    spec.name, topology.layers.back().name, text_of(resolver.shape()), spec.classes,
                    spec.classes));
  return topology;
}

}  // namespace rondo::nn
