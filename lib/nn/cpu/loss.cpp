// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/loss.hpp"

#include <algorithm>
#include <cmath>

namespace rondo::nn::cpu {
namespace {

/// Writes factor * (softmax(logits) - one_hot(label)).
void write_diff(std::span<const float> logits, std::size_t label, float log_sum, float factor,
                std::span<float> diff) {
  for (std::size_t c = 0; c < logits.size(); ++c)
    diff[c] = factor * std::exp(logits[c] - log_sum);
  diff[label] -= factor;
}

}  // namespace

BatchSums softmax_cross_entropy(std::span<const float> logits, const Batch& batch, float loss_scale,
                                std::span<float> diff) {
  BatchSums sums;
  const std::size_t classes = logits.size() / batch.size();
  for (std::size_t n = 0; n < batch.size(); ++n) {
    const auto row = logits.subspan(n * classes, classes);
    const auto label = static_cast<std::size_t>(batch.labels[n]);
    const float weight = batch.weights.empty() ? 1.0F : batch.weights[n];
    const auto largest = std::max_element(row.begin(), row.end());
    float sum = 0;
    for (const float logit : row)
      sum += std::exp(logit - *largest);
    const float log_sum = *largest + std::log(sum);

    sums.weight += double{weight};
    sums.loss += double{weight} * (double{log_sum} - double{row[label]});
    sums.correct += largest - row.begin() == batch.labels[n] ? 1 : 0;
    if (!diff.empty())
      write_diff(row, label, log_sum, weight * loss_scale, diff.subspan(n * classes, classes));
  }
  return sums;
}

}  // namespace rondo::nn::cpu
