// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// The cpu layers against the reference layers.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/precision/casts.hpp"

#include "nn/support.hpp"

namespace rondo::nn {
namespace {

using test::BoundNetwork;
using test::Chain;
using test::TestBatch;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Tolerance {
  double smooth;  ///< layers without kinks
  double kinked;  ///< with ReLU or MaxPool; in residuals, where two paths have kinks, twice as much

  double of(const Chain& chain) const {
    if (!test::has_kinks(chain)) return smooth;
    return test::has_residual(chain) ? 2 * kinked : kinked;
  }
};

/// The root mean square of one tensor's distances in all batches, and the largest.
struct Distances {
  double squares = 0;
  int batches = 0;
  double largest = 0;

  void add(double distance) {
    squares += distance * distance;
    ++batches;
    largest = std::max(largest, distance);
  }
  double root_mean_square() const { return std::sqrt(squares / batches); }
};

/// Trains and evaluates on batches of several sizes and compares sums and gradients, whose distance
/// is relative to the length of each tensor's gradient. How many inputs of a kink fall on its other
/// side is chance: one batch may have twice the limit.
void expect_agreement(const Chain& chain, Precision precision, const Tolerance& tolerance) {
  const NetworkSpec spec = chain.spec();
  BoundNetwork expected(spec, test::options_for(Backend::reference));
  BoundNetwork actual(spec, test::options_for(Backend::cpu, precision));
  const double limit = tolerance.of(chain);
  std::vector<Distances> distances(expected.grads.size());

  for (const std::size_t batch_size : {1U, 2U, 3U, 4U, 5U, 6U, 7U}) {
    const TestBatch batch(spec, batch_size, static_cast<std::uint32_t>(batch_size));
    expected.clear_grads();
    actual.clear_grads();
    const double loss = expected.train(batch).loss;

    EXPECT_NEAR(actual.train(batch).loss, loss, limit * (1 + loss)) << "batch " << batch_size;
    for (std::size_t p = 0; p < expected.grads.size(); ++p)
      distances[p].add(test::relative_distance(actual.grads[p], expected.grads[p]));
    const double evaluated = expected->evaluate(batch.view()).loss;
    EXPECT_NEAR(actual->evaluate(batch.view()).loss, evaluated, limit * (1 + evaluated));
  }
  for (std::size_t p = 0; p < distances.size(); ++p) {
    EXPECT_LE(distances[p].root_mean_square(), limit) << actual->parameters()[p].name;
    EXPECT_LE(distances[p].largest, test::has_kinks(chain) ? 2 * limit : limit)
        << actual->parameters()[p].name;
  }
}

class CpuLayers : public testing::TestWithParam<Chain> {};

// f32: sums of at most a few thousand products, each rounded to 2^-24 relative.
TEST_P(CpuLayers, agree_with_the_reference_in_f32) {
  expect_agreement(GetParam(), Precision::f32, {.smooth = 2e-5, .kinked = 2e-5});
}

// bf16 rounds to u = 2^-9 relative, up to five tensors in a row, and gradients of biases are sums
// that cancel: 16 u. Of the inputs of ReLU and MaxPool a share of about u lies so close to the kink
// that it falls on the other side and moves a whole gradient: sqrt(u) of the length, 4 sqrt(u) for
// several layers and few samples.
TEST_P(CpuLayers, agree_with_the_reference_in_bf16) {
  expect_agreement(GetParam(), Precision::bf16,
                   {.smooth = 16 * 0x1p-9, .kinked = 4 * std::sqrt(0x1p-9)});
}

// f16 rounds to u = 2^-12 relative.
TEST_P(CpuLayers, agree_with_the_reference_in_f16) {
  expect_agreement(GetParam(), Precision::f16,
                   {.smooth = 16 * 0x1p-12, .kinked = 4 * std::sqrt(0x1p-12)});
}

INSTANTIATE_TEST_SUITE_P(Layers, CpuLayers, testing::ValuesIn(test::chains()),
                         [](const auto& chain_info) { return chain_info.param.name; });

class CpuModels : public testing::TestWithParam<std::string> {};

class ComparedCpuModels : public testing::TestWithParam<std::pair<std::string, ImageShape>> {};

TEST_P(ComparedCpuModels, agree_with_the_reference) {
  const auto& [model, image] = GetParam();
  const NetworkSpec spec = make_model(model, image, 10);
  const TestBatch batch(spec, 3);
  BoundNetwork expected(spec, test::options_for(Backend::reference));
  BoundNetwork actual(spec, test::options_for(Backend::cpu));

  const BatchSums expected_sums = expected.train(batch);
  const BatchSums actual_sums = actual.train(batch);

  EXPECT_NEAR(actual_sums.loss, expected_sums.loss, 1e-4);
  EXPECT_EQ(actual_sums.correct, expected_sums.correct);
  for (std::size_t p = 0; p < expected.grads.size(); ++p)
    EXPECT_LE(test::relative_distance(actual.grads[p], expected.grads[p]), 1e-4)
        << actual->parameters()[p].name;
}

// The reference would take long for resnet50, whose blocks are among the layers above.
INSTANTIATE_TEST_SUITE_P(Models, ComparedCpuModels,
                         testing::Values(std::pair("cnn", ImageShape{1, 28, 28}),
                                         std::pair("lenet", ImageShape{1, 28, 28}),
                                         std::pair("mlp", ImageShape{1, 28, 28}),
                                         std::pair("resnet18", ImageShape{3, 11, 9})),
                         [](const auto& model_info) { return model_info.param.first; });

// oneDNN's loops of last resort take a hundred times as long as its other kernels.
TEST_P(CpuModels, run_on_kernels_that_are_made_for_their_layouts) {
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    BoundNetwork network(make_model(GetParam(), {1, 28, 28}, 10),
                         test::options_for(Backend::cpu, precision));
    for (const LayerKernel& kernel : network->kernels(8))
      EXPECT_THAT(kernel.implementation, Not(StartsWith("ref")))
          << kernel.layer << " " << kernel.work << " in " << name_of(precision);
  }
}

// Plain layouts have kernels, too, which take several times as long on CPUs without AVX-512.
TEST(CpuNetwork, pools_and_normalises_in_the_layouts_of_vectors) {
  BoundNetwork network(make_model("cnn", {1, 28, 28}, 10),
                       test::options_for(Backend::cpu, Precision::f32));
  for (const LayerKernel& kernel : network->kernels(32)) {
    if (!kernel.layer.starts_with("bn") && !kernel.layer.starts_with("maxpool")) continue;
    EXPECT_THAT(kernel.implementation, AnyOf(HasSubstr("jit"), HasSubstr("vectors")))
        << kernel.layer << " " << kernel.work;
  }
}

TEST(CpuNetwork, pools_in_bf16_by_its_own_kernels) {
  if (!cpu_has_bf16()) GTEST_SKIP() << "this CPU computes bf16 as f32";
  BoundNetwork network(make_model("cnn", {1, 28, 28}, 10),
                       test::options_for(Backend::cpu, Precision::bf16));
  for (const LayerKernel& kernel : network->kernels(32))
    EXPECT_EQ(kernel.layer.starts_with("maxpool"), kernel.implementation == "rondo:vectors")
        << kernel.layer << " " << kernel.work;
}

INSTANTIATE_TEST_SUITE_P(Models, CpuModels, testing::ValuesIn(model_names()),
                         [](const auto& model_info) { return model_info.param; });

TEST(CpuNetwork, may_end_in_a_pool) {
  const NetworkSpec spec{
      "net", {1, 6, 6}, 10, {Conv2d{.out_channels = 10}, AveragePool{.kernel = 6, .stride = 6}}};
  const TestBatch batch(spec, 3);
  BoundNetwork expected(spec, test::options_for(Backend::reference));

  expected.train(batch);

  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    BoundNetwork actual(spec, test::options_for(Backend::cpu, precision));
    actual.train(batch);
    EXPECT_LE(test::relative_distance(actual.grads[0], expected.grads[0]),
              precision == Precision::f32 ? 2e-5 : 16 * 0x1p-9);
  }
}

TEST(CpuNetwork, trains_on_several_threads) {
  const NetworkSpec spec = make_model("lenet", {1, 28, 28}, 10);
  const TestBatch batch(spec, 6);
  auto options = test::options_for(Backend::cpu);
  BoundNetwork one(spec, options);
  options.threads = 2;
  BoundNetwork two(spec, options);
  BoundNetwork two_again(spec, options);

  one.train(batch);
  two.train(batch);
  two_again.train(batch);

  EXPECT_EQ(two.grads, two_again.grads);
  for (std::size_t p = 0; p < one.grads.size(); ++p)
    EXPECT_LE(test::relative_distance(two.grads[p], one.grads[p]), 1e-5);
}

TEST(CpuNetwork, f16_overflows_where_f32_does_not) {
  const NetworkSpec spec = make_model("mlp", {1, 28, 28}, 10);
  const TestBatch batch(spec, 4);
  BoundNetwork f32(spec, test::options_for(Backend::cpu));
  BoundNetwork f16(spec, test::options_for(Backend::cpu, Precision::f16));
  const auto is_finite = [](const BoundNetwork& network) {
    const auto& grad = network.grads.back();
    return std::all_of(grad.begin(), grad.end(), [](float g) { return std::isfinite(g); });
  };

  f32.train(batch, 0x1p20F);
  f16.train(batch, 0x1p20F);

  EXPECT_TRUE(is_finite(f32));
  EXPECT_FALSE(is_finite(f16));
}

TEST_P(CpuLayers, get_the_same_bits_from_a_bf16_copy_of_the_values_and_follow_it) {
  if (!cpu_has_bf16()) GTEST_SKIP() << "layers read no copy: this CPU computes bf16 as f32";
  const NetworkSpec spec = GetParam().spec();
  const TestBatch batch(spec, 4);
  BoundNetwork without(spec, test::options_for(Backend::cpu, Precision::bf16));
  BoundNetwork with(spec, test::options_for(Backend::cpu, Precision::bf16));
  std::vector<std::vector<bfloat16>> copies;
  std::vector<ParameterView> views;
  for (std::size_t p = 0; p < with.values.size(); ++p) {
    precision::convert(with.values[p], copies.emplace_back(with.values[p].size()));
    views.push_back({with.values[p], with.grads[p], copies[p]});
  }
  with->bind(views);

  EXPECT_EQ(with.train(batch).loss, without.train(batch).loss);
  EXPECT_EQ(with.grads, without.grads);

  std::ranges::fill(copies[with.values.size() - 2], bfloat16(0.5F));  // the last layer's weight
  with->parameters_changed();
  EXPECT_NE(with.train(batch).loss, without.train(batch).loss);
}

TEST(CpuNetwork, gives_its_kernels_in_order_and_they_change_no_later_step) {
  const NetworkSpec spec{
      "net", {1, 6, 6}, 5, {Conv2d{.out_channels = 4}, Relu{}, Linear{.out_features = 5}}};
  const TestBatch batch(spec, 3);
  BoundNetwork measured(spec, test::options_for(Backend::cpu));
  BoundNetwork untouched(spec, test::options_for(Backend::cpu));
  measured.train(batch);
  untouched.train(batch);

  std::vector<std::string> names;
  for (const LayerKernel& kernel : measured->kernels(3)) {
    names.push_back(kernel.layer + " " + kernel.work);
    kernel.run();
  }

  EXPECT_EQ(names, (std::vector<std::string>{"conv1 forward", "relu1 forward", "linear1 forward",
                                             "linear1 weights", "linear1 data", "relu1 backward",
                                             "conv1 weights"}));
  EXPECT_EQ(measured.grads, untouched.grads);
  measured.train(batch);
  untouched.train(batch);
  EXPECT_EQ(measured.grads, untouched.grads);
}

TEST(CpuNetwork, knows_whether_the_cpu_multiplies_bf16) {
  EXPECT_EQ(cpu_has_bf16(), __builtin_cpu_supports("avx512bf16") != 0);
}

}  // namespace
}  // namespace rondo::nn
