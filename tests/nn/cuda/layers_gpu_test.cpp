// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// The layers on the GPU against the reference layers.
#include <cmath>

#include <gtest/gtest.h>

#include "nn/cuda/support.hpp"

namespace rondo::nn {
namespace {

using test::BoundNetwork;
using test::Chain;
using test::OnGpuNetwork;
using test::TestBatch;

struct Tolerance {
  double smooth;  ///< layers without kinks
  double kinked;  ///< with ReLU or MaxPool; in residuals, where two paths have kinks, twice as much

  double of(const Chain& chain) const {
    if (!test::has_kinks(chain)) return smooth;
    return test::has_residual(chain) ? 2 * kinked : kinked;
  }
};

/// Trains and evaluates on batches of those sizes and compares sums and gradients, whose distance
/// is relative to the length of each tensor's gradient.
void expect_agreement(const Chain& chain, Precision precision, const Tolerance& tolerance,
                      std::initializer_list<std::size_t> batch_sizes) {
  const NetworkSpec spec = chain.spec();
  BoundNetwork expected(spec, test::options_for(Backend::reference));
  OnGpuNetwork actual(spec, test::device_options(precision), expected);
  const double limit = tolerance.of(chain);

  for (const std::size_t batch_size : batch_sizes) {
    const TestBatch batch(spec, batch_size, static_cast<std::uint32_t>(batch_size));
    expected.clear_grads();
    actual.clear_grads();
    const BatchSums sums = expected.train(batch);
    const BatchSums found = actual.train(batch);

    EXPECT_NEAR(found.loss, sums.loss, limit * (1 + sums.loss)) << "batch " << batch_size;
    if (precision == Precision::f32) {
      EXPECT_EQ(found.correct, sums.correct);
    }
    for (std::size_t p = 0; p < expected.grads.size(); ++p)
      EXPECT_LE(test::relative_distance(actual.grads[p], expected.grads[p]), limit)
          << actual->parameters()[p].name << ", batch " << batch_size;
    const double evaluated = expected->evaluate(batch.view()).loss;
    EXPECT_NEAR(actual.evaluate(batch).loss, evaluated, limit * (1 + evaluated));
  }
}

class DeviceLayers : public testing::TestWithParam<Chain> {};

// f32: sums are exact to the last bits; only between layers is anything rounded, to 2^-24 relative.
TEST_P(DeviceLayers, agree_with_the_reference_in_f32) {
  expect_agreement(GetParam(), Precision::f32, {.smooth = 2e-5, .kinked = 2e-5}, {1, 5});
}

// As of the cpu layers: bf16 rounds to u = 2^-9 relative, up to five tensors in a row, and
// gradients of biases are sums that cancel: 16 u. Of the inputs of ReLU and MaxPool a share of
// about u lies so close to the kink that it falls on the other side and moves a whole gradient.
TEST_P(DeviceLayers, agree_with_the_reference_in_bf16) {
  expect_agreement(GetParam(), Precision::bf16,
                   {.smooth = 16 * 0x1p-9, .kinked = 5 * std::sqrt(0x1p-9)}, {4});
}

// f16 rounds to u = 2^-12 relative.
TEST_P(DeviceLayers, agree_with_the_reference_in_f16) {
  expect_agreement(GetParam(), Precision::f16,
                   {.smooth = 16 * 0x1p-12, .kinked = 5 * std::sqrt(0x1p-12)}, {4});
}

/// What the GPU's stages and vectors make special, besides.
std::vector<Chain> device_chains() {
  const BatchNorm norm{.epsilon = 0.1F};
  const Conv2d to_seventeen{.out_channels = 17, .bias = false};
  std::vector<Chain> all = test::chains();
  all.push_back({"normed_residual_first", {3, 9, 7}, {Residual{{norm}}, Relu{}}});
  all.push_back({"odd_channels",
                 {1, 7, 5},
                 {to_seventeen, norm, Relu{}, MaxPool{.kernel = 3, .stride = 2, .padding = 1},
                  Residual{{to_seventeen, norm}}, Relu{}, Conv2d{.out_channels = 1}}});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Layers, DeviceLayers, testing::ValuesIn(device_chains()),
                         [](const auto& chain_info) { return chain_info.param.name; });

}  // namespace
}  // namespace rondo::nn
