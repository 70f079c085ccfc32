// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// What the contract of Network promises, on every backend.
#include "rondo/nn/network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/support.hpp"

namespace rondo::nn {
namespace {

using test::BoundNetwork;
using test::Chain;
using test::TestBatch;
using testing::Each;
using testing::HasSubstr;

const Chain& chain(const std::string& name) {
  static const auto all = test::chains();
  return *std::find_if(all.begin(), all.end(), [&](const Chain& c) { return c.name == name; });
}

class NetworkContract : public testing::TestWithParam<Backend> {
 protected:
  static BoundNetwork make(const NetworkSpec& spec) {
    return {spec, test::options_for(GetParam())};
  }
};

TEST_P(NetworkContract, adds_to_the_gradients_it_finds) {
  const NetworkSpec spec = chain("two_blocks").spec();
  const TestBatch first(spec, 4, 1);
  const TestBatch second(spec, 4, 2);
  BoundNetwork apart = make(spec);
  apart.train(first);
  const auto first_grads = apart.grads;
  apart.clear_grads();
  apart.train(second);

  BoundNetwork together = make(spec);
  together.train(first);
  together.train(second);

  for (std::size_t p = 0; p < first_grads.size(); ++p) {
    std::vector<float> sum = first_grads[p];
    std::transform(sum.begin(), sum.end(), apart.grads[p].begin(), sum.begin(), std::plus<>());
    EXPECT_LE(test::relative_distance(together.grads[p], sum), 1e-6)
        << together->parameters()[p].name;
  }
}

TEST_P(NetworkContract, scales_gradients_but_neither_loss_nor_statistics) {
  const NetworkSpec spec = chain("conv_norm_relu").spec();
  const TestBatch batch(spec, 4);
  BoundNetwork plain = make(spec);
  BoundNetwork scaled = make(spec);

  const BatchSums plain_sums = plain.train(batch);
  const BatchSums scaled_sums = scaled.train(batch, 1024);

  EXPECT_EQ(scaled_sums.loss, plain_sums.loss);
  for (std::size_t p = 0; p < plain.grads.size(); ++p) {
    const ParameterSpec& parameter = plain->parameters()[p];
    const float scale = parameter.role == ParameterRole::statistic ? 1 : 1024;
    for (std::size_t i = 0; i < plain.grads[p].size(); ++i)  // a power of two: exact
      EXPECT_EQ(scaled.grads[p][i], scale * plain.grads[p][i]) << parameter.name;
  }
}

TEST_P(NetworkContract, reports_weighted_statistics_of_the_micro_batch) {
  const NetworkSpec spec{"net", {2, 1, 2}, 5, {BatchNorm{}, Linear{.out_features = 5}}};
  TestBatch batch(spec, 2);
  batch.images = {1, 2, 10, 10, 3, 6, 10, 10};
  batch.weights = {0.5F, 2.0F};
  BoundNetwork network = make(spec);

  network.train(batch);

  EXPECT_NEAR(network.grads[2][0], 2.5 * 3, 1e-5);  // (1 + 2 + 3 + 6) / 4
  EXPECT_NEAR(network.grads[2][1], 2.5 * 10, 1e-5);
  EXPECT_NEAR(network.grads[3][0], 2.5 * 14.0 / 3, 1e-5);  // (4 + 1 + 0 + 9) / (4 - 1)
  EXPECT_NEAR(network.grads[3][1], 0, 1e-5);
}

TEST_P(NetworkContract, evaluates_with_the_running_statistics) {
  const NetworkSpec spec{
      "net", {1, 1, 2}, 2, {BatchNorm{.epsilon = 1e-9F}, Linear{.out_features = 2}}};
  BoundNetwork network = make(spec);
  const std::vector<std::vector<float>> values{{2}, {1}, {3}, {4}, {1, 0, 0, 0}, {0, 0}};
  for (std::size_t p = 0; p < values.size(); ++p)
    std::copy(values[p].begin(), values[p].end(), network.values[p].begin());
  network->parameters_changed();
  TestBatch batch(spec, 1);
  batch.images = {7, 0};
  batch.labels = {1};

  const BatchSums sums = network->evaluate(batch.view());

  // ((7 - 3) / sqrt(4)) * 2 + 1 = 5 against a logit of 0
  EXPECT_NEAR(sums.loss, 5 + std::log1p(std::exp(-5.0)), 1e-5);
  EXPECT_EQ(sums.correct, 0U);
}

TEST_P(NetworkContract, sample_of_weight_zero_is_absent_from_loss_and_gradient) {
  const NetworkSpec spec = chain("conv_relu").spec();
  TestBatch three(spec, 3);
  three.weights = {1.0F, 1.0F, 0.0F};
  TestBatch two(spec, 2);
  BoundNetwork with = make(spec);
  BoundNetwork without = make(spec);

  const BatchSums sums = with.train(three);
  const BatchSums expected = without.train(two);

  EXPECT_EQ(sums.weight, 2);
  EXPECT_NEAR(sums.loss, expected.loss, 1e-5);
  for (std::size_t p = 0; p < with.grads.size(); ++p)
    EXPECT_LE(test::relative_distance(with.grads[p], without.grads[p]), 1e-5);
}

TEST_P(NetworkContract, weighs_samples) {
  const NetworkSpec spec = chain("conv_relu").spec();
  TestBatch weighted(spec, 1);
  weighted.weights = {2.5F};
  BoundNetwork once = make(spec);
  BoundNetwork more = make(spec);

  const BatchSums plain = once.train(TestBatch(spec, 1));
  const BatchSums sums = more.train(weighted);

  EXPECT_EQ(sums.weight, 2.5);
  EXPECT_NEAR(sums.loss, 2.5 * plain.loss, 1e-5);
  EXPECT_NEAR(more.grads[0][0], 2.5F * once.grads[0][0], 1e-5);
}

TEST_P(NetworkContract, empty_batch_changes_nothing_and_reports_all_ready) {
  const NetworkSpec spec = chain("two_blocks").spec();
  BoundNetwork network = make(spec);
  std::size_t reports = 0;

  const BatchSums sums = network->train({}, 1, [&](std::size_t) { ++reports; });

  EXPECT_EQ(sums.weight, 0);
  EXPECT_EQ(sums.loss, 0);
  EXPECT_EQ(sums.correct, 0U);
  EXPECT_EQ(network->evaluate({}).weight, 0);
  EXPECT_EQ(reports, network.grads.size());
  for (const auto& grad : network.grads)
    EXPECT_THAT(grad, Each(0.0F));
}

TEST_P(NetworkContract, reports_gradients_backwards_when_complete) {
  for (const std::string name : {"two_blocks", "two_residuals"}) {
    const NetworkSpec spec = chain(name).spec();
    const TestBatch batch(spec, 4);
    BoundNetwork finished = make(spec);
    finished.train(batch);
    BoundNetwork network = make(spec);
    std::vector<std::size_t> order;

    network->train(batch.view(), 1, [&](std::size_t p) {
      order.push_back(p);
      EXPECT_EQ(network.grads[p], finished.grads[p]) << network->parameters()[p].name;
    });

    std::vector<std::size_t> backwards(network.grads.size());
    std::iota(backwards.rbegin(), backwards.rend(), 0U);
    EXPECT_EQ(order, backwards) << name;
  }
}

TEST_P(NetworkContract, sees_changed_parameters) {
  const NetworkSpec spec = chain("conv_norm_relu").spec();
  const TestBatch batch(spec, 4);
  BoundNetwork network = make(spec);
  BoundNetwork fresh = make(spec);
  network.train(batch);
  network->evaluate(batch.view());
  for (auto* owner : {&network, &fresh})
    for (auto& values : owner->values)
      for (float& value : values)
        value *= 1.5F;

  network->parameters_changed();
  network.clear_grads();

  EXPECT_EQ(network.train(batch).loss, fresh.train(batch).loss);
  EXPECT_EQ(network.grads, fresh.grads);
  EXPECT_EQ(network->evaluate(batch.view()).loss, fresh->evaluate(batch.view()).loss);
}

TEST_P(NetworkContract, asks_for_every_parameter_just_before_it_is_read) {
  const NetworkSpec spec = chain("two_residuals").spec();
  const TestBatch batch(spec, 4);
  BoundNetwork late = make(spec);
  BoundNetwork expected = make(spec);
  std::vector<std::size_t> order(late.values.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto arrived = late.values;
  std::vector<std::size_t> asked;
  late->before_reading([&](std::size_t p) {
    late.values[p] = arrived[p];
    asked.push_back(p);
  });
  const auto run_with_late_values = [&](const auto& run) {
    asked.clear();
    for (auto& values : late.values)
      std::fill(values.begin(), values.end(), 77.0F);
    late->parameters_changed();
    const BatchSums sums = run(late);
    EXPECT_EQ(asked, order);
    return sums;
  };

  for (const auto& run :
       {+[](BoundNetwork&n, const TestBatch&b) { return n.train(b); },
        +[](BoundNetwork&n, const TestBatch&b) { return n->evaluate(b.view()); }}) {
    for (int repeat = 0; repeat < 2; ++repeat) {
      const auto sums = run_with_late_values([&](BoundNetwork& n) { return run(n, batch); });
      EXPECT_EQ(sums.loss, run(expected, batch).loss);
    }
  }
  run_with_late_values([&](BoundNetwork& n) { return n.train(TestBatch(spec, 0)); });
  EXPECT_EQ(late.grads, expected.grads);
}

TEST_P(NetworkContract, repeats_bit_for_bit_whatever_sizes_come_between) {
  const NetworkSpec spec = chain("two_residuals").spec();
  const TestBatch usual(spec, 7, 1);
  const TestBatch last(spec, 3, 2);
  BoundNetwork network = make(spec);
  const BatchSums first_sums = network.train(usual);
  const auto first = network.grads;
  network.train(last);
  network.clear_grads();

  const BatchSums second_sums = network.train(usual);

  EXPECT_EQ(network.grads, first);
  EXPECT_EQ(second_sums.loss, first_sums.loss);
  BoundNetwork another = make(spec);
  another.train(usual);
  EXPECT_EQ(another.grads, first);
}

TEST_P(NetworkContract, draws_dropout_by_seed_step_and_lane) {
  const NetworkSpec spec = chain("linear_dropout").spec();
  const auto loss_of = [&](std::uint64_t seed, std::uint64_t step, std::size_t lane) {
    auto options = test::options_for(GetParam());
    options.seed = seed;
    BoundNetwork network(spec, options);
    TestBatch batch(spec, 4);
    network.train(batch);  // what was drawn before does not matter
    batch.step = step;
    batch.lane = lane;
    return network.train(batch).loss;
  };

  const std::set<double> different{loss_of(1, 2, 3), loss_of(9, 2, 3), loss_of(1, 9, 3),
                                   loss_of(1, 2, 9)};

  EXPECT_EQ(different.size(), 4U);
  EXPECT_EQ(loss_of(1, 2, 3), loss_of(1, 2, 3));
}

TEST_P(NetworkContract, evaluates_without_dropout) {
  const TestBatch batch(chain("conv_relu").spec(), 4);
  Chain dropped = chain("conv_relu");
  dropped.layers.emplace_back(Dropout{0.9F});
  BoundNetwork with = make(dropped.spec());
  BoundNetwork without = make(chain("conv_relu").spec());

  EXPECT_EQ(with->evaluate(batch.view()).loss, without->evaluate(batch.view()).loss);
  EXPECT_NE(with.train(batch).loss, without.train(batch).loss);
}

TEST_P(NetworkContract, learns_a_handful_of_images_by_heart) {
  const NetworkSpec spec = chain("two_residuals").spec();
  const TestBatch batch(spec, 6);
  BoundNetwork network = make(spec);
  const double before = network.train(batch).loss;

  BatchSums sums;
  for (int step = 0; step < 40; ++step) {
    network.clear_grads();
    sums = network.train(batch);
    network.descend(0.2F / 6);
  }

  EXPECT_LT(sums.loss, 0.1 * before);
  EXPECT_EQ(sums.correct, 6U);
}

TEST_P(NetworkContract, follows_a_second_bind) {
  const NetworkSpec spec = chain("conv_norm_relu").spec();
  const TestBatch batch(spec, 2);
  BoundNetwork network = make(spec);
  BoundNetwork other = make(spec);
  network.train(batch);
  const auto expected = network.grads;
  std::vector<ParameterView> views;
  for (std::size_t p = 0; p < other.values.size(); ++p)
    views.push_back({other.values[p], other.grads[p]});

  network->bind(views);
  network.train(batch);

  EXPECT_EQ(other.grads, expected);
  EXPECT_EQ(network.grads, expected);
}

TEST_P(NetworkContract, refuses_input_that_does_not_fit) {
  const NetworkSpec spec = chain("conv_relu").spec();
  BoundNetwork network = make(spec);
  TestBatch batch(spec, 2);

  TestBatch wrong_label = batch;
  wrong_label.labels[1] = 5;
  EXPECT_THROW(network.train(wrong_label), UsageError);
  wrong_label.labels[1] = -1;
  EXPECT_THROW(network.train(wrong_label), UsageError);
  TestBatch wrong_images = batch;
  wrong_images.images.pop_back();
  EXPECT_THROW(network.train(wrong_images), UsageError);
  TestBatch wrong_weights = batch;
  wrong_weights.weights = {1.0F};
  EXPECT_THROW(network.train(wrong_weights), UsageError);
  EXPECT_THROW(network->bind({}), UsageError);
}

TEST_P(NetworkContract, must_be_bound_first) {
  const NetworkSpec spec = chain("conv_relu").spec();
  const auto network = make_network(spec, test::options_for(GetParam()));
  const TestBatch batch(spec, 2);

  EXPECT_THROW(network->train(batch.view(), 1, {}), UsageError);
  EXPECT_THROW(network->evaluate(batch.view()), UsageError);
}

#ifdef RONDO_TEST_CPU_LAYERS
INSTANTIATE_TEST_SUITE_P(Backends, NetworkContract,
                         testing::Values(Backend::reference, Backend::cpu),
                         [](const auto& backend_info) {
                           return backend_info.param == Backend::cpu ? "cpu" : "reference";
                         });
#else
INSTANTIATE_TEST_SUITE_P(Backends, NetworkContract, testing::Values(Backend::reference));
#endif

}  // namespace
}  // namespace rondo::nn
