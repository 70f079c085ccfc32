// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rondo/base/philox.hpp"
#include "rondo/nn/network.hpp"

namespace rondo::nn::test {

/// Reproducible values in [-1, 1), different for every `stream`.
inline std::vector<float> random_values(std::size_t count, std::uint32_t stream) {
  const Philox random(7, RandomPurpose::augment, stream);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = 2 * Philox::uniform(random.block(i)[0]) - 1;
  return values;
}

/// Owns what a Batch refers to: random images, labels in turn, no weights.
struct TestBatch {
  std::vector<float> images;
  std::vector<std::int32_t> labels;
  std::vector<float> weights = {};
  std::uint64_t step = 0;
  std::size_t lane = 0;
  std::size_t lanes = 1;  ///< on a GPU

  TestBatch(const NetworkSpec& spec, std::size_t count, std::uint32_t stream = 0)
      : images(random_values(count * spec.input.elements(), stream)), labels(count) {
    for (std::size_t n = 0; n < count; ++n)
      labels[n] = static_cast<std::int32_t>((3 * n + stream) % spec.classes);
  }
  Batch view() const { return {images, labels, weights, step, lane}; }
};

using Tensors = std::vector<std::vector<float>>;

/// A network with memory of its own, initialised away from special points: biases, scales, shifts
/// and running statistics are random too.
class BoundNetwork {
 public:
  BoundNetwork(const NetworkSpec& spec, const NetworkOptions& options)
      : network_(make_network(spec, options)) {
    std::vector<ParameterView> views;
    for (const ParameterSpec& parameter : network_->parameters()) {
      values.emplace_back(element_count(parameter.shape));
      grads.emplace_back(element_count(parameter.shape));
    }
    for (std::size_t i = 0; i < values.size(); ++i)
      views.push_back({values[i], grads[i]});
    initialize(*network_, views, 5);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (network_->parameters()[i].role != ParameterRole::weight) disturb(i);
    network_->bind(views);
  }

  Network& operator*() const { return *network_; }
  Network* operator->() const { return network_.get(); }

  BatchSums train(const TestBatch& batch, float loss_scale = 1.0F) {
    return network_->train(batch.view(), loss_scale, {});
  }
  void clear_grads() {
    for (auto& grad : grads)
      grad.assign(grad.size(), 0.0F);
  }

  /// Gradient descent on what is no statistic.
  void descend(float rate) {
    for (std::size_t p = 0; p < values.size(); ++p) {
      if (network_->parameters()[p].role == ParameterRole::statistic) continue;
      for (std::size_t i = 0; i < values[p].size(); ++i)
        values[p][i] -= rate * grads[p][i];
    }
    network_->parameters_changed();
  }

  Tensors values;
  Tensors grads;

 private:
  void disturb(std::size_t parameter) {
    const auto noise =
        random_values(values[parameter].size(), 1000 + static_cast<std::uint32_t>(parameter));
    for (std::size_t i = 0; i < noise.size(); ++i)
      values[parameter][i] += 0.3F * noise[i];
  }

  std::unique_ptr<Network> network_;
};

inline NetworkOptions options_for(Backend backend, Precision precision = Precision::f32) {
  return {.backend = backend, .precision = precision, .micro_batch = 4, .threads = 1};
}

/// Euclidean distance of `actual` from `expected`, relative to the length of `expected`.
inline double relative_distance(const std::vector<float>& actual,
                                const std::vector<float>& expected) {
  double distance = 0;
  double length = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    distance += std::pow(double{actual[i]} - double{expected[i]}, 2);
    length += std::pow(double{expected[i]}, 2);
  }
  return std::sqrt(distance) / std::max(std::sqrt(length), 1e-2);  // what vanishes is only noise
}

/// The layers between the input and the logits, and what to call them.
struct Chain {
  std::string name;
  ImageShape input;
  std::vector<Layer> layers;

  /// The chain with a Linear(5) as last layer.
  NetworkSpec spec() const {
    NetworkSpec spec{name, input, 5, layers};
    spec.layers.emplace_back(Linear{.out_features = 5});
    return spec;
  }
  friend std::ostream& operator<<(std::ostream& out, const Chain& chain) {
    return out << chain.name;
  }
};

/// True if the loss is not differentiable everywhere.
inline bool has_kinks(const std::vector<Layer>& layers) {
  return std::any_of(layers.begin(), layers.end(), [](const Layer& layer) {
    if (const auto* residual = std::get_if<Residual>(&layer))
      return has_kinks(residual->branch) || has_kinks(residual->shortcut);
    return std::holds_alternative<Relu>(layer) || std::holds_alternative<MaxPool>(layer);
  });
}
inline bool has_kinks(const Chain& chain) {
  return has_kinks(chain.layers);
}

inline bool has_residual(const Chain& chain) {
  return std::any_of(chain.layers.begin(), chain.layers.end(),
                     [](const Layer& layer) { return std::holds_alternative<Residual>(layer); });
}

/// Residuals in every position that matters.
inline std::vector<Chain> residual_chains() {
  const ImageShape odd{3, 9, 7};
  const ImageShape wide{16, 8, 8};
  const Conv2d conv{.out_channels = 6};
  const Conv2d conv_again{.out_channels = 6, .kernel = 1, .padding = 0, .bias = false};
  const Conv2d unbiased{.out_channels = 6, .bias = false};
  const Conv2d halving{.out_channels = 6, .stride = 2, .bias = false};
  const Conv2d projection{.out_channels = 6, .kernel = 1, .stride = 2, .padding = 0, .bias = false};
  const BatchNorm norm{.epsilon = 0.1F};
  const Conv2d conv16{.out_channels = 16, .bias = false};
  const Conv2d conv32{.out_channels = 32, .stride = 2, .bias = false};
  const Conv2d projection32{
      .out_channels = 32, .kernel = 1, .stride = 2, .padding = 0, .bias = false};
  return {
      {"residual", odd, {conv, Residual{{conv_again}}}},
      {"residual_first", odd, {Residual{{Conv2d{.out_channels = 3}}}}},
      {"residual_of_one_pixel",
       {32, 1, 1},
       {Residual{{Conv2d{.out_channels = 32, .kernel = 1, .padding = 0}}}}},
      {"residual_of_pooled_pixel",
       {32, 2, 2},
       {Conv2d{.out_channels = 32, .bias = false}, MaxPool{},
        Residual{{Conv2d{.out_channels = 32, .bias = false}, norm}, {norm}}}},
      {"residual_relu", odd, {conv, Residual{{conv_again}}, Relu{}, conv}},
      {"residual_norms", odd, {conv, Residual{{unbiased, norm, Relu{}, unbiased, norm}}, Relu{}}},
      {"residual_projection", odd, {conv, Residual{{halving, norm}, {projection, norm}}, Relu{}}},
      {"residual_projection_first", odd, {Residual{{halving}, {projection}}}},
      {"residual_shortcut_relu", odd, {conv, Residual{{unbiased, norm}, {Relu{}}}}},
      {"residual_without_branch", odd, {conv, Residual{{}, {conv_again, norm}}}},
      {"residual_of_pool",
       odd,
       {conv, Residual{{MaxPool{.kernel = 3, .stride = 1, .padding = 1}}, {norm}}}},
      {"residual_in_residual", odd, {conv, Residual{{Residual{{conv_again}}}}}},
      {"residual_begins_in_residual", odd, {conv, Residual{{Residual{{conv_again}}, unbiased}}}},
      {"bottleneck",
       wide,
       {conv16, norm, Relu{},
        Residual{{Conv2d{.out_channels = 8, .kernel = 1, .padding = 0, .bias = false}, norm, Relu{},
                  Conv2d{.out_channels = 8, .stride = 2, .bias = false}, norm, Relu{},
                  Conv2d{.out_channels = 32, .kernel = 1, .padding = 0, .bias = false}, norm},
                 {projection32, norm}},
        Relu{}}},
      {"two_residuals",
       wide,
       {conv16, norm, Relu{}, Residual{{conv16, norm, Relu{}, conv16, norm}}, Relu{},
        Residual{{conv32, norm}, {projection32, norm}}, Relu{}, GlobalAveragePool{}}},
  };
}

/// Every layer in every position that matters: first, behind parameters, with odd sizes.
inline std::vector<Chain> plain_chains() {
  const ImageShape odd{3, 9, 7};
  const ImageShape wide{16, 8, 8};
  const Conv2d conv{.out_channels = 6};
  // A bias before BatchNorm has no influence: its gradient is rounding noise.
  const Conv2d unbiased{.out_channels = 6, .bias = false};
  return {
      {"conv3", odd, {conv}},
      {"conv1", odd, {Conv2d{.out_channels = 5, .kernel = 1, .padding = 0}}},
      {"conv5_stride2", odd, {Conv2d{.out_channels = 8, .kernel = 5, .stride = 2, .padding = 2}}},
      {"conv7_stride2", odd, {Conv2d{.out_channels = 8, .kernel = 7, .stride = 2, .padding = 3}}},
      {"wide_conv1", wide, {Conv2d{.out_channels = 32, .kernel = 1, .padding = 0, .bias = false}}},
      {"conv3_unpadded", odd, {Conv2d{.out_channels = 4, .padding = 0, .bias = false}}},
      {"conv_conv_stride2", odd, {conv, Conv2d{.out_channels = 7, .stride = 2}}},
      {"conv_conv1_stride2",
       odd,
       {conv, Conv2d{.out_channels = 7, .kernel = 1, .stride = 2, .padding = 0}}},
      {"conv16_conv32", wide, {Conv2d{.out_channels = 32}, Conv2d{.out_channels = 16}}},
      {"one_channel", {1, 12, 12}, {Conv2d{.out_channels = 32, .bias = false}}},
      {"linear_linear", odd, {Linear{.out_features = 11}}},
      {"linear_without_bias", odd, {Linear{.out_features = 11, .bias = false}}},
      {"norm_first", odd, {BatchNorm{}}},
      {"norm_relu_first", odd, {BatchNorm{}, Relu{}}},
      {"conv_norm", odd, {unbiased, BatchNorm{.epsilon = 0.1F}}},
      {"conv_norm_relu", odd, {unbiased, BatchNorm{.epsilon = 0.1F}, Relu{}}},
      {"wide_norm_relu", wide, {Conv2d{.out_channels = 32, .bias = false}, BatchNorm{}, Relu{}}},
      {"linear_norm_relu",
       odd,
       {Linear{.out_features = 6, .bias = false}, BatchNorm{.epsilon = 0.1F}, Relu{}}},
      {"relu_first", odd, {Relu{}}},
      {"conv_relu", odd, {conv, Relu{}}},
      {"linear_relu", odd, {Linear{.out_features = 9}, Relu{}}},
      {"maxpool_first", odd, {MaxPool{}}},
      {"conv_maxpool", odd, {conv, MaxPool{}}},
      {"wide_maxpool", wide, {Conv2d{.out_channels = 16}, MaxPool{}}},
      {"conv_maxpool3_stride2", odd, {conv, MaxPool{.kernel = 3, .stride = 2}}},
      {"conv_maxpool3_stride1", odd, {conv, MaxPool{.kernel = 3, .stride = 1}}},
      {"maxpool3_padded_first", odd, {MaxPool{.kernel = 3, .stride = 2, .padding = 1}}},
      {"conv_maxpool3_padded", odd, {conv, MaxPool{.kernel = 3, .stride = 2, .padding = 1}}},
      {"wide_maxpool3_padded",
       wide,
       {Conv2d{.out_channels = 16}, MaxPool{.kernel = 3, .stride = 2, .padding = 1}}},
      {"conv_maxpool3_padded2", odd, {conv, MaxPool{.kernel = 3, .stride = 1, .padding = 2}}},
      {"conv_avgpool", odd, {conv, AveragePool{}}},
      {"wide_avgpool", wide, {Conv2d{.out_channels = 16}, AveragePool{}}},
      {"conv_avgpool3_stride2", odd, {conv, AveragePool{.kernel = 3, .stride = 2}}},
      {"globalpool_first", odd, {GlobalAveragePool{}}},
      {"conv_globalpool", odd, {conv, GlobalAveragePool{}}},
      {"wide_globalpool", wide, {Conv2d{.out_channels = 16}, GlobalAveragePool{}}},
      {"dropout_first", odd, {Dropout{0.4F}}},
      {"conv_dropout", odd, {conv, Dropout{0.4F}}},
      {"wide_dropout", wide, {Conv2d{.out_channels = 20}, Dropout{0.3F}, conv}},
      {"linear_dropout", odd, {Linear{.out_features = 11}, Dropout{0.4F}}},
      {"dropout_of_one_pixel",
       {32, 3, 3},
       {Conv2d{.out_channels = 64, .bias = false}, BatchNorm{}, Relu{}, MaxPool{}, Dropout{0.4F}}},
      {"odd_norm_maxpool",
       {2, 7, 5},
       {Conv2d{.out_channels = 32, .bias = false}, BatchNorm{.epsilon = 0.1F}, Relu{}, MaxPool{},
        conv}},
      {"two_dropouts", odd, {Linear{.out_features = 40}, Dropout{0.5F}, Dropout{0.5F}}},
      {"two_blocks",
       {1, 12, 12},
       {Conv2d{.out_channels = 8, .bias = false}, BatchNorm{}, Relu{}, MaxPool{},
        Conv2d{.out_channels = 16, .bias = false}, BatchNorm{}, Relu{}, MaxPool{}}},
  };
}

inline std::vector<Chain> chains() {
  auto all = plain_chains();
  const auto residuals = residual_chains();
  all.insert(all.end(), residuals.begin(), residuals.end());
  return all;
}

}  // namespace rondo::nn::test
