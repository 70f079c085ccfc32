// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/support.hpp"

namespace rondo::nn {
namespace {

using testing::Each;

struct Initialized {
  explicit Initialized(std::uint64_t seed, const std::string& model = "cnn")
      : network(make_network(make_model(model, {1, 28, 28}, 10),
                             test::options_for(Backend::reference))) {
    for (const ParameterSpec& parameter : network->parameters()) {
      values.emplace_back(element_count(parameter.shape), -9.0F);
      grads.emplace_back(values.back().size());
    }
    for (std::size_t i = 0; i < values.size(); ++i)
      views.push_back({values[i], grads[i]});
    initialize(*network, views, seed);
  }

  const std::vector<float>& operator[](const std::string& name) const {
    const auto parameters = network->parameters();
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const auto& p) { return p.name == name; });
    return values.at(static_cast<std::size_t>(found - parameters.begin()));
  }

  std::unique_ptr<Network> network;
  test::Tensors values;
  test::Tensors grads;
  std::vector<ParameterView> views;
};

TEST(Initialize, is_a_function_of_the_seed) {
  EXPECT_EQ(Initialized(1).values, Initialized(1).values);
  EXPECT_NE(Initialized(1)["conv2.weight"], Initialized(2)["conv2.weight"]);
}

TEST(Initialize, needs_no_network) {
  const Initialized initialized(2);
  Initialized another(1);
  initialize(initialized.network->spec(), another.views, 2);

  EXPECT_EQ(another.values, initialized.values);
}

TEST(Initialize, draws_convolutions_from_he_normal) {
  const Initialized initialized(3);
  const auto& weight = initialized["conv3.weight"];  // 128 x 64 x 3 x 3
  const auto count = static_cast<double>(weight.size());
  const double mean = std::accumulate(weight.begin(), weight.end(), 0.0) / count;
  const double square = std::inner_product(weight.begin(), weight.end(), weight.begin(), 0.0);
  const double expected = std::sqrt(2.0 / (64 * 9));
  const auto outside = std::count_if(weight.begin(), weight.end(),
                                     [=](float w) { return std::abs(w) > 2 * expected; });

  EXPECT_NEAR(mean, 0, 5 * expected / std::sqrt(count));
  EXPECT_NEAR(std::sqrt(square / count), expected, 0.01 * expected);
  EXPECT_NEAR(static_cast<double>(outside) / count, 0.0455, 0.005);  // a normal's two sigma
}

TEST(Initialize, draws_the_last_linear_layer_from_xavier_uniform) {
  const Initialized initialized(3);
  const auto& weight = initialized["linear1.weight"];
  const double limit = std::sqrt(6.0 / static_cast<double>(weight.size() / 10 + 10));

  const auto [smallest, largest] = std::minmax_element(weight.begin(), weight.end());

  EXPECT_NEAR(*smallest, -limit, 0.01 * limit);
  EXPECT_NEAR(*largest, limit, 0.01 * limit);
}

TEST(Initialize, sets_normalisation_to_the_identity_and_biases_to_zero) {
  const Initialized initialized(3);

  EXPECT_THAT(initialized["bn1.scale"], Each(1.0F));
  EXPECT_THAT(initialized["bn1.running_var"], Each(1.0F));
  EXPECT_THAT(initialized["bn1.shift"], Each(0.0F));
  EXPECT_THAT(initialized["bn1.running_mean"], Each(0.0F));
  EXPECT_THAT(initialized["linear1.bias"], Each(0.0F));
}

TEST(Initialize, lets_each_residual_begin_as_its_shortcut) {
  const Initialized initialized(3, "resnet50");

  // The stem's, three of the first branch, one of its shortcut, three of each branch.
  for (const std::string norm : {"bn1", "bn2", "bn3", "bn5", "bn6", "bn7"})
    EXPECT_THAT(initialized[norm + ".scale"], Each(1.0F)) << norm;
  for (const std::string norm : {"bn4", "bn8", "bn11", "bn53"})
    EXPECT_THAT(initialized[norm + ".scale"], Each(0.0F)) << norm;
}

TEST(Initialize, needs_no_gradients) {
  Initialized initialized(3);
  for (ParameterView& view : initialized.views)
    view.grad = {};

  EXPECT_NO_THROW(initialize(*initialized.network, initialized.views, 1));
}

TEST(Initialize, refuses_views_of_another_size) {
  Initialized initialized(3);
  initialized.views[2].value = initialized.views[2].value.first(1);

  EXPECT_THROW(initialize(*initialized.network, initialized.views, 1), UsageError);
}

}  // namespace
}  // namespace rondo::nn
