// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// What the contract of DeviceNetwork promises.
#include <algorithm>
#include <cmath>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/cuda/support.hpp"

namespace rondo::nn {
namespace {

using rondo::test::same_bits;
using test::BoundNetwork;
using test::Chain;
using test::OnGpuNetwork;
using test::TestBatch;
using testing::Each;

const Chain& chain(const std::string& name) {
  static const auto all = test::chains();
  return *std::find_if(all.begin(), all.end(), [&](const Chain& c) { return c.name == name; });
}

/// A network on the CPU, and one on the GPU with the same values.
struct Pair {
  explicit Pair(const NetworkSpec& spec, DeviceNetworkOptions options = test::device_options())
      : expected(spec, reference_options(options)), actual(spec, options, expected) {}

  static NetworkOptions reference_options(const DeviceNetworkOptions& options) {
    NetworkOptions reference = test::options_for(Backend::reference);
    reference.seed = options.seed;
    return reference;
  }

  BoundNetwork expected;
  OnGpuNetwork actual;
};

void expect_same_bits(const test::Tensors& found, const test::Tensors& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t p = 0; p < found.size(); ++p)
    EXPECT_TRUE(same_bits(found[p], expected[p])) << "parameter " << p;
}

class DeviceModels : public testing::TestWithParam<std::pair<std::string, ImageShape>> {};

TEST_P(DeviceModels, agree_with_the_reference) {
  const auto& [model, image] = GetParam();
  const NetworkSpec spec = make_model(model, image, 10, 0.25F);
  Pair pair(spec);
  TestBatch batch(spec, 3);
  batch.weights = {0.5F, 2.0F, 0.0F};

  const BatchSums expected = pair.expected.train(batch);
  const BatchSums actual = pair.actual.train(batch);

  EXPECT_NEAR(actual.loss, expected.loss, 1e-4);
  EXPECT_EQ(actual.correct, expected.correct);
  for (std::size_t p = 0; p < pair.expected.grads.size(); ++p)
    EXPECT_LE(test::relative_distance(pair.actual.grads[p], pair.expected.grads[p]), 1e-4)
        << pair.actual->parameters()[p].name;
}

INSTANTIATE_TEST_SUITE_P(Models, DeviceModels,
                         testing::Values(std::pair("lenet", ImageShape{1, 28, 28}),
                                         std::pair("mlp", ImageShape{1, 28, 28}),
                                         std::pair("cnn", ImageShape{3, 8, 8})),
                         [](const auto& model_info) { return model_info.param.first; });

TEST(DeviceNetwork, has_the_parameters_of_other_backends) {
  const NetworkSpec spec = chain("two_residuals").spec();
  Pair pair(spec, test::device_options(Precision::bf16));

  const auto expected = pair.expected->parameters();
  const auto actual = pair.actual->parameters();
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t p = 0; p < actual.size(); ++p) {
    EXPECT_EQ(actual[p].name, expected[p].name);
    EXPECT_EQ(actual[p].shape, expected[p].shape);
    EXPECT_EQ(actual[p].role, expected[p].role);
  }
  EXPECT_EQ(pair.actual->precision(), Precision::bf16);
  EXPECT_EQ(pair.actual->spec().name, spec.name);
}

TEST(DeviceNetwork, adds_up_the_lanes_of_a_step) {
  const NetworkSpec spec = chain("two_residuals").spec();
  Pair pair(spec);

  for (std::size_t lane = 0; lane < 3; ++lane) {
    TestBatch batch(spec, 2 + lane, static_cast<std::uint32_t>(lane));
    batch.lane = lane;
    pair.expected.train(batch);
    pair.actual.train(batch);
  }

  for (std::size_t p = 0; p < pair.expected.grads.size(); ++p)
    EXPECT_LE(test::relative_distance(pair.actual.grads[p], pair.expected.grads[p]), 2e-5)
        << pair.actual->parameters()[p].name;
}

/// As one batch.
TestBatch joined(std::span<const TestBatch> lanes) {
  TestBatch all = lanes[0];
  all.lanes = lanes.size();
  for (const TestBatch& lane : lanes.subspan(1)) {
    all.images.insert(all.images.end(), lane.images.begin(), lane.images.end());
    all.labels.insert(all.labels.end(), lane.labels.begin(), lane.labels.end());
    all.weights.insert(all.weights.end(), lane.weights.begin(), lane.weights.end());
  }
  return all;
}

class DeviceLanes : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Chains, DeviceLanes,
                         testing::Values("conv_norm_relu", "two_residuals", "two_dropouts"),
                         [](const auto& name) { return std::string(name.param); });

TEST_P(DeviceLanes, at_once_are_as_one_by_one) {
  const NetworkSpec spec = chain(GetParam()).spec();
  for (const std::size_t most : {3U, 5U}) {
    DeviceNetworkOptions options = test::device_options();
    options.lanes = most;
    Pair pair(spec, options);
    BatchSums expected;
    std::vector<TestBatch> lanes;
    for (std::size_t k = 0; k < 3; ++k) {
      lanes.emplace_back(spec, 4, static_cast<std::uint32_t>(k));
      lanes.back().step = 2;
      lanes.back().lane = 5 + k;
      lanes.back().weights = {1, 0, static_cast<float>(k), 0.5F};
      const BatchSums sums = pair.expected.train(lanes.back());
      expected.loss += sums.loss;
      expected.correct += sums.correct;
    }

    const BatchSums found = pair.actual.train(joined(lanes));

    EXPECT_NEAR(found.loss, expected.loss, 1e-4 * expected.loss);
    EXPECT_EQ(found.correct, expected.correct);
    for (std::size_t p = 0; p < pair.expected.grads.size(); ++p)
      EXPECT_LE(test::relative_distance(pair.actual.grads[p], pair.expected.grads[p]), 2e-5)
          << pair.actual->parameters()[p].name;
  }
}

TEST(DeviceNetwork, refuses_lanes_of_other_lengths_or_too_many) {
  const NetworkSpec spec = chain("conv_relu").spec();
  DeviceNetworkOptions options = test::device_options();
  options.lanes = 2;
  Pair pair(spec, options);
  for (const auto& [samples, lanes] : {std::pair(3U, 2U), std::pair(6U, 3U), std::pair(2U, 0U)}) {
    TestBatch batch(spec, samples);
    batch.lanes = lanes;
    EXPECT_THROW(pair.actual.train(batch), UsageError);
  }
}

TEST(DeviceNetwork, adds_to_the_sums_it_finds) {
  const NetworkSpec spec = chain("conv_relu").spec();
  Pair pair(spec);
  const TestBatch batch(spec, 4);
  const BatchSums once = pair.actual.train(batch);
  rondo::test::OnGpu<float> images(pair.actual.device(), pair.actual.stream(), batch.images);
  rondo::test::OnGpu<std::int32_t> labels(pair.actual.device(), pair.actual.stream(), batch.labels);
  rondo::test::OnGpu<float> sums(pair.actual.device(), pair.actual.stream(), {100, 10});
  const DeviceBatch view{.images = images.span(), .labels = labels.span()};

  pair.actual->train(pair.actual.stream(), view, 1, sums.span(), {});
  pair.actual->evaluate(pair.actual.stream(), view, sums.span());

  // Without BatchNorm and Dropout both passes have the same logits.
  EXPECT_NEAR(sums.read()[0], 100 + 2 * once.loss, 1e-4);
  EXPECT_EQ(sums.read()[1], 10 + 2 * static_cast<float>(once.correct));
}

TEST(DeviceNetwork, scales_gradients_but_neither_loss_nor_statistics) {
  const NetworkSpec spec = chain("conv_norm_relu").spec();
  const TestBatch batch(spec, 4);
  Pair plain(spec);
  Pair scaled(spec);

  const BatchSums plain_sums = plain.actual.train(batch);
  const BatchSums scaled_sums = scaled.actual.train(batch, 1024);

  EXPECT_EQ(scaled_sums.loss, plain_sums.loss);
  for (std::size_t p = 0; p < plain.actual.grads.size(); ++p) {
    const bool is_statistic = plain.actual->parameters()[p].role == ParameterRole::statistic;
    auto expected = plain.actual.grads[p];
    for (float& value : expected)
      value *= is_statistic ? 1 : 1024;  // a power of two: exact
    EXPECT_TRUE(same_bits(scaled.actual.grads[p], expected));
  }
}

TEST(DeviceNetwork, sample_of_weight_zero_counts_in_statistics_alone) {
  const NetworkSpec spec = chain("conv_norm_relu").spec();
  TestBatch batch(spec, 3);
  batch.weights = {1.0F, 0.0F, 2.5F};
  Pair pair(spec);

  const BatchSums expected = pair.expected.train(batch);
  const BatchSums actual = pair.actual.train(batch);

  EXPECT_NEAR(actual.loss, expected.loss, 1e-5);
  for (std::size_t p = 0; p < pair.expected.grads.size(); ++p)
    EXPECT_LE(test::relative_distance(pair.actual.grads[p], pair.expected.grads[p]), 2e-5);
}

/// Queues a copy of each gradient as soon as it is said to be complete.
TEST(DeviceNetwork, reports_gradients_backwards_when_their_work_is_queued) {
  for (const std::string name : {"two_blocks", "two_residuals", "residual_begins_in_residual"}) {
    const NetworkSpec spec = chain(name).spec();
    const TestBatch batch(spec, 4);
    Pair pair(spec);
    OnGpuNetwork& network = pair.actual;
    test::Tensors seen = network.grads;
    std::vector<std::size_t> order;

    network.train(batch, 1, [&](std::size_t p) {
      order.push_back(p);
      copy<float>(network.stream(), network.grad(p), std::span(seen[p]));
    });

    std::vector<std::size_t> backwards(network.grads.size());
    std::iota(backwards.rbegin(), backwards.rend(), 0U);
    EXPECT_EQ(order, backwards) << name;
    expect_same_bits(seen, network.grads);
  }
}

TEST(DeviceNetwork, empty_batch_changes_nothing_and_reports_all_ready) {
  Pair pair(chain("two_blocks").spec());
  DeviceMemory<float> sums(pair.actual.device(), 2, "a test");
  std::size_t reports = 0;

  pair.actual->train(pair.actual.stream(), {}, 1, sums.span(), [&](std::size_t) { ++reports; });
  pair.actual->evaluate(pair.actual.stream(), {}, sums.span());

  EXPECT_TRUE(pair.actual.stream().done());
  EXPECT_EQ(reports, pair.actual.grads.size());
}

TEST(DeviceNetwork, repeats_bit_for_bit_whatever_sizes_come_between) {
  for (const Precision precision : {Precision::f32, Precision::bf16, Precision::f16}) {
    const NetworkSpec spec = chain("two_residuals").spec();
    const TestBatch usual(spec, 2, 1);
    const TestBatch large(spec, 5, 2);  // more than memory was taken for
    Pair pair(spec, test::device_options(precision));
    OnGpuNetwork& network = pair.actual;
    const BatchSums first_sums = network.train(usual);
    const auto first = network.grads;
    network.train(large);
    network.evaluate(large);
    network.clear_grads();

    const BatchSums second_sums = network.train(usual);

    expect_same_bits(network.grads, first);
    EXPECT_EQ(second_sums.loss, first_sums.loss);
    Pair another(spec, test::device_options(precision));
    another.actual.train(usual);
    expect_same_bits(another.actual.grads, first);
  }
}

TEST(DeviceNetwork, sees_changed_parameters) {
  const NetworkSpec spec = chain("conv_norm_relu").spec();
  const TestBatch batch(spec, 4);
  Pair pair(spec);
  OnGpuNetwork& network = pair.actual;
  network.train(batch);
  network.clear_grads();
  test::Tensors changed = pair.expected.values;
  for (std::size_t p = 0; p < changed.size(); ++p) {
    for (float& value : changed[p])
      value *= 1.5F;
    copy<float>(network.stream(), changed[p], network.value(p));
  }

  network->parameters_changed();
  const BatchSums sums = network.train(batch);
  const BatchSums evaluated = network.evaluate(batch);

  Pair fresh(spec);
  fresh.actual.set_values(changed);
  EXPECT_EQ(sums.loss, fresh.actual.train(batch).loss);
  EXPECT_EQ(evaluated.loss, fresh.actual.evaluate(batch).loss);
  expect_same_bits(network.grads, fresh.actual.grads);
}

OnGpuNetwork::Copies rounded(const test::Tensors& values) {
  OnGpuNetwork::Copies copies;
  for (const auto& v : values) {
    copies.emplace_back();
    for (const float value : v)
      copies.back().push_back(static_cast<bfloat16>(value));
  }
  return copies;
}

TEST(DeviceNetwork, reads_the_bf16_copy_in_place_of_the_values) {
  const NetworkSpec spec = chain("two_blocks").spec();
  const TestBatch batch(spec, 3);
  Pair plain(spec, test::device_options(Precision::bf16));
  Pair copied(spec, test::device_options(Precision::bf16));
  test::Tensors hidden = plain.expected.values;
  for (std::size_t p = 0; p < hidden.size(); ++p)
    if (plain.actual->parameters()[p].role == ParameterRole::weight)
      std::ranges::fill(hidden[p], 77.0F);

  const double loss = plain.actual.train(batch).loss;
  copied.actual.set_copies(rounded(plain.expected.values));
  copied.actual.set_values(hidden);

  EXPECT_EQ(copied.actual.train(batch).loss, loss);
  expect_same_bits(copied.actual.grads, plain.actual.grads);
}

TEST(DeviceNetwork, draws_dropout_by_seed_step_and_lane_as_other_backends) {
  const NetworkSpec spec = chain("two_dropouts").spec();
  DeviceNetworkOptions options = test::device_options();
  options.seed = 9;
  Pair pair(spec, options);
  TestBatch batch(spec, 4);
  std::vector<double> losses;

  for (const auto& [step, lane] : {std::pair(0U, 0U), std::pair(1U, 0U), std::pair(0U, 1U)}) {
    batch.step = step;
    batch.lane = lane;
    losses.push_back(pair.actual.train(batch).loss);
    EXPECT_NEAR(losses.back(), pair.expected.train(batch).loss, 1e-4);
  }

  EXPECT_NE(losses[0], losses[1]);
  EXPECT_NE(losses[0], losses[2]);
  EXPECT_NE(losses[1], losses[2]);
}

TEST(DeviceNetwork, lets_f16_overflow_be_seen) {
  const NetworkSpec spec = chain("conv_relu").spec();
  Pair pair(spec, test::device_options(Precision::f16));

  pair.actual.train(TestBatch(spec, 4), 1e9F);

  EXPECT_FALSE(std::ranges::all_of(pair.actual.grads[0], [](float g) { return std::isfinite(g); }));
}

TEST(DeviceNetwork, makes_nan_of_a_label_that_is_no_class) {
  const NetworkSpec spec = chain("conv_relu").spec();
  TestBatch batch(spec, 4);
  batch.labels[2] = 5;
  Pair pair(spec);

  EXPECT_TRUE(std::isnan(pair.actual.train(batch).loss));
  EXPECT_TRUE(std::isnan(pair.actual.grads[0][0]));
}

TEST(DeviceNetwork, refuses_input_that_does_not_fit) {
  const NetworkSpec spec = chain("conv_relu").spec();
  Pair pair(spec);
  TestBatch wrong_images(spec, 2);
  wrong_images.images.pop_back();
  TestBatch wrong_weights(spec, 2);
  wrong_weights.weights = {1.0F};
  DeviceMemory<float> one(pair.actual.device(), 1, "a test");

  EXPECT_THROW(pair.actual.train(wrong_images), UsageError);
  EXPECT_THROW(pair.actual.train(wrong_weights), UsageError);
  EXPECT_THROW(pair.actual->train(pair.actual.stream(), {}, 1, one.span(), {}), UsageError);
  EXPECT_THROW(pair.actual->bind({}), UsageError);
}

TEST(DeviceNetwork, must_be_bound_first) {
  const Device device;
  DeviceStream stream(device);
  const auto network =
      make_device_network(device, chain("conv_relu").spec(), test::device_options());
  DeviceMemory<float> sums(device, 2, "a test");

  EXPECT_THROW(network->train(stream, {}, 1, sums.span(), {}), UsageError);
  EXPECT_THROW(network->evaluate(stream, {}, sums.span()), UsageError);
}

TEST(DeviceNetwork, refuses_layers_and_precisions_that_make_no_sense) {
  const Device device;
  NetworkSpec spec = chain("conv_relu").spec();
  DeviceNetworkOptions options = test::device_options();
  options.precision.accumulate = Precision::bf16;

  EXPECT_THROW(make_device_network(device, spec, options), ConfigError);
  spec.classes = 7;
  EXPECT_THROW(make_device_network(device, spec, test::device_options()), UsageError);
  const NetworkSpec wide{
      "wide", {1, 300, 300}, 1, {MaxPool{.kernel = 300, .stride = 1, .padding = 0}}};
  EXPECT_THROW(make_device_network(device, wide, test::device_options()), ConfigError);
}

}  // namespace
}  // namespace rondo::nn
