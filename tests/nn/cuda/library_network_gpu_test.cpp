// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Whole networks on the libraries beside the same on direct kernels.
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "nn/cuda/support.hpp"

namespace rondo::nn {
namespace {

using test::BoundNetwork;
using test::Chain;
using test::OnGpuNetwork;
using test::TestBatch;

/// Linear layers in front of and behind what a stage may or may not take with it, and residuals, in
/// which others share the gradient of a Linear with a ReLU.
std::vector<Chain> linear_chains() {
  const Linear six{.out_features = 6};
  std::vector<Chain> all{
      {"linear_relu_dropout", {5, 3, 2}, {Linear{.out_features = 40}, Relu{}, Dropout{0.4F}}},
      {"linear_relu_without_bias",
       {5, 3, 2},
       {Linear{.out_features = 11, .bias = false}, Relu{}, six, Relu{}}},
      {"branch_ends_in_relu", {5, 3, 2}, {six, Residual{.branch = {six, Relu{}}}}},
      {"relu_begins_residual", {5, 3, 2}, {six, Relu{}, Residual{.branch = {six}}, Relu{}}}};
  for (Chain& chain : test::chains())
    if (chain.name.starts_with("linear") || chain.name.starts_with("two"))
      all.push_back(std::move(chain));
  return all;
}

class LibraryNetworks : public testing::TestWithParam<std::tuple<Chain, Precision>> {};

INSTANTIATE_TEST_SUITE_P(Chains, LibraryNetworks,
                         testing::Combine(testing::ValuesIn(linear_chains()),
                                          testing::Values(Precision::f32, Precision::bf16,
                                                          Precision::f16)));

/// Of rounded activations the next layers' differ in the last bit, as their gradients do.
double tolerance(Precision precision) {
  switch (precision) {
    case Precision::f32: return 1e-4;
    case Precision::bf16: return 0.05;
    case Precision::f16: return 0.01;
  }
  return 0;
}

TEST_P(LibraryNetworks, train_as_direct_ones) {
  const auto& [chain, precision] = GetParam();
  const NetworkSpec spec = chain.spec();
  const BoundNetwork values(spec, test::options_for(Backend::reference));
  DeviceNetworkOptions options = test::device_options(precision);
  OnGpuNetwork expected(spec, options, values);
  options.kernels = DeviceKernels::libraries;
  OnGpuNetwork found(spec, options, values);

  for (const std::size_t samples : {3, 4}) {
    const TestBatch batch(spec, samples);
    const BatchSums expected_sums = expected.train(batch);
    const BatchSums found_sums = found.train(batch);
    EXPECT_NEAR(found_sums.loss, expected_sums.loss, tolerance(precision) * expected_sums.loss);
    for (std::size_t p = 0; p < expected.grads.size(); ++p)
      EXPECT_LE(test::relative_distance(found.grads[p], expected.grads[p]), tolerance(precision))
          << found->parameters()[p].name;
  }
}

}  // namespace
}  // namespace rondo::nn
