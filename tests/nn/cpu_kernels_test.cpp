// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "nn/cpu/loss.hpp"

namespace rondo::nn::cpu {
namespace {

TEST(SoftmaxCrossEntropy, survives_large_logits) {
  const std::vector<float> logits{1e4F, -1e4F, 0.0F, -1e4F, 1e4F, 0.0F};
  const std::vector<std::int32_t> labels{0, 0};
  std::vector<float> diff(logits.size());

  const BatchSums sums = softmax_cross_entropy(logits, {{}, labels}, 1, diff);

  EXPECT_NEAR(sums.loss, 2e4, 1e-3);
  EXPECT_EQ(sums.correct, 1U);
  EXPECT_EQ(diff, (std::vector<float>{0, 0, 0, -1, 1, 0}));
}

TEST(SoftmaxCrossEntropy, gradient_carries_weight_and_loss_scale) {
  const std::vector<float> logits{0.0F, 0.0F, 0.0F, 0.0F};
  const std::vector<std::int32_t> labels{2};
  const std::vector<float> weights{3.0F};
  std::vector<float> diff(logits.size());

  const BatchSums sums = softmax_cross_entropy(logits, {{}, labels, weights}, 8, diff);

  EXPECT_NEAR(sums.loss, 3 * std::log(4.0), 1e-6);
  EXPECT_NEAR(diff[0], 3 * 8 * 0.25, 1e-5);
  EXPECT_NEAR(diff[2], 3 * 8 * -0.75, 1e-5);
}

TEST(SoftmaxCrossEntropy, keeps_not_a_number) {
  const std::vector<float> logits{NAN, 0.0F};
  const std::vector<std::int32_t> labels{1};

  EXPECT_TRUE(std::isnan(softmax_cross_entropy(logits, {{}, labels}, 1, {}).loss));
}

}  // namespace
}  // namespace rondo::nn::cpu
