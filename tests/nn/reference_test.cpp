// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/support.hpp"
#include "support/fewer_cases.hpp"

namespace rondo::nn {
namespace {

using test::BoundNetwork;
using test::Chain;
using test::TestBatch;

/// (loss(value + step) - loss(value - step)) / 2 step, from training's forward pass.
float central_difference(BoundNetwork& network, const TestBatch& batch, float& value, float step) {
  const float saved = value;
  value = saved + step;
  const double above = network.train(batch).loss;
  value = saved - step;
  const double below = network.train(batch).loss;
  value = saved;
  return static_cast<float>((above - below) / (2.0 * double{step}));
}

class ReferenceGradient : public testing::TestWithParam<Chain> {};

// The step keeps f32 noise (1e-7 / step) and curvature (step squared) below the tolerance. Where an
// input of ReLU or MaxPool changes sides between the two points, the difference is off by a part of
// that input's share.
TEST_P(ReferenceGradient, agrees_with_finite_differences) {
  const NetworkSpec spec = GetParam().spec();
  BoundNetwork network(spec, test::options_for(Backend::reference));
  const TestBatch batch(spec, 3);
  network.train(batch);
  const auto gradients = network.grads;

  for (std::size_t p = 0; p < gradients.size(); ++p) {
    if (network->parameters()[p].role == ParameterRole::statistic) continue;
    std::vector<float> expected;
    std::vector<float> actual;
    const std::size_t stride = gradients[p].size() / (rondo::test::is_sanitized ? 2 : 8) + 1;
    for (std::size_t i = 0; i < gradients[p].size(); i += stride) {
      expected.push_back(central_difference(network, batch, network.values[p][i], 1e-3F));
      actual.push_back(gradients[p][i]);
    }
    EXPECT_LE(test::relative_distance(actual, expected), test::has_kinks(GetParam()) ? 0.1 : 0.005)
        << network->parameters()[p].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Layers, ReferenceGradient, testing::ValuesIn(test::chains()),
                         [](const auto& chain_info) { return chain_info.param.name; });

TEST(Reference, convolves_by_cross_correlation) {
  const NetworkSpec spec{
      "net", {1, 2, 2}, 2, {Conv2d{.out_channels = 2, .kernel = 2, .padding = 0, .bias = false}}};
  BoundNetwork network(spec, test::options_for(Backend::reference));
  network.values[0] = {1, 2, 3, 4, 0, 0, 0, 0};
  network->bind(std::vector<ParameterView>{{network.values[0], network.grads[0]}});
  TestBatch batch(spec, 1);
  batch.images = {1, 10, 100, 1000};
  batch.labels = {1};

  const BatchSums sums = network->evaluate(batch.view());

  EXPECT_NEAR(sums.loss, 4321, 1e-3);  // -log softmax of (4321, 0) at class 1
  EXPECT_EQ(sums.correct, 0U);
}

TEST(Reference, computes_in_f32_only) {
  const NetworkSpec spec = test::chains().front().spec();

  EXPECT_THROW(make_network(spec, test::options_for(Backend::reference, Precision::bf16)),
               ConfigError);
}

}  // namespace
}  // namespace rondo::nn
