// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/reference/reference_network.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "nn/network_base.hpp"
#include "nn/reference/layers.hpp"

namespace rondo::nn::reference {
namespace {

/// -log softmax(logits)[c] for every class c.
std::vector<double> negative_log_softmax(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits)
    sum += std::exp(double{logit} - largest);
  std::vector<double> losses;
  for (const float logit : logits)
    losses.push_back(largest + std::log(sum) - double{logit});
  return losses;
}

/// Returns the sums over `batch`, and the gradient of `logits` in `diff`.
BatchSums cross_entropy(const Tensor& logits, const Batch& batch, float loss_scale, Tensor& diff) {
  BatchSums sums;
  const std::size_t classes = logits.shape.elements();
  diff = Tensor(logits.batch_size, logits.shape);
  for (std::size_t n = 0; n < logits.batch_size; ++n) {
    const auto row = std::span(logits.values).subspan(n * classes, classes);
    const auto losses = negative_log_softmax(row);
    const auto label = static_cast<std::size_t>(batch.labels[n]);
    const double weight = batch.weights.empty() ? 1.0 : double{batch.weights[n]};
    sums.weight += weight;
    sums.loss += weight * losses[label];
    sums.correct += std::max_element(row.begin(), row.end()) == row.begin() + batch.labels[n];
    for (std::size_t c = 0; c < classes; ++c)
      diff.values[n * classes + c] = static_cast<float>(
          weight * double{loss_scale} * (std::exp(-losses[c]) - (c == label ? 1.0 : 0.0)));
  }
  return sums;
}

class ReferenceNetwork final : public NetworkBase {
 public:
  using NetworkBase::NetworkBase;

  void parameters_changed() override {}

 private:
  void do_bind() override {
    functions_.clear();
    for (const ResolvedLayer& layer : topology().layers)
      functions_.push_back(
          make_layer(layer, views().subspan(layer.first_parameter, layer.parameter_count)));
  }

  BatchSums do_train(const Batch& batch, float loss_scale, const GradientReady& ready) override {
    const auto values = forward(batch, Mode::train);
    std::vector<Tensor> diffs(values.size());
    const BatchSums sums = cross_entropy(values.back(), batch, loss_scale, diffs.back());
    for (std::size_t i = functions_.size(); i > 0; --i) {
      const ResolvedLayer& layer = topology().layers[i - 1];
      if (functions_[i - 1]) {
        diffs[layer.source] +=
            functions_[i - 1]->backward(values[layer.source], diffs[i], sums.weight);
      } else {
        diffs[layer.source] += diffs[i];
        diffs[layer.shortcut] += diffs[i];
      }
      report_ready(layer, ready);
    }
    return sums;
  }

  BatchSums do_evaluate(const Batch& batch) override {
    Tensor unused;
    return cross_entropy(forward(batch, Mode::evaluate).back(), batch, 1.0F, unused);
  }

  /// All values, as the topology numbers them; last the logits.
  std::vector<Tensor> forward(const Batch& batch, Mode mode) {
    const Pass pass{.mode = mode, .dropout = dropout_key(batch)};
    std::vector<Tensor> values(1, Tensor(batch.size(), spec().input));
    std::copy(batch.images.begin(), batch.images.end(), values[0].values.begin());
    for (std::size_t i = 0; i < functions_.size(); ++i) {
      const ResolvedLayer& layer = topology().layers[i];
      report_needed(layer, needed());
      Tensor output =
          functions_[i] ? functions_[i]->forward(values[layer.source], pass) : values[layer.source];
      if (!functions_[i]) output += values[layer.shortcut];
      values.push_back(std::move(output));
    }
    return values;
  }

  std::vector<std::unique_ptr<LayerFunction>> functions_;  ///< null for an Add
};

}  // namespace

std::unique_ptr<Network> make_reference_network(const NetworkSpec& spec,
                                                const NetworkOptions& options) {
  if (options.precision.compute != Precision::f32)
    throw ConfigError(fmt::format("the reference layers compute in f32 only, not in {}",
                                  name_of(options.precision.compute)));
  return std::make_unique<ReferenceNetwork>(spec, Precision::f32, options.seed);
}

}  // namespace rondo::nn::reference
