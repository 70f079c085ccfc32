// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Training by CUDA graphs has the bits of training without.
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/cuda/support.hpp"
#include "support/fewer_cases.hpp"

namespace rondo::nn {
namespace {

using rondo::test::same_bits;
using test::BoundNetwork;
using test::OnGpuNetwork;
using test::TestBatch;

constexpr std::size_t samples = 4;

/// Convolutions, linear layers, BatchNorm, a residual, and Dropout in three places.
NetworkSpec spec() {
  return {"graphs",
          {3, 6, 6},
          5,
          {Dropout{0.1F}, Conv2d{.out_channels = 8, .bias = false}, BatchNorm{}, Relu{},
           Residual{.branch = {Conv2d{.out_channels = 8, .bias = false}, BatchNorm{}}}, Relu{},
           MaxPool{}, Dropout{0.3F}, Linear{.out_features = 20}, Relu{}, Dropout{0.5F},
           Linear{.out_features = 5}}};
}

/// What a lane differs in: sample count, inputs, place in the run, weights and scale.
struct Lane {
  std::size_t count = samples;
  std::uint32_t values = 0;
  std::uint64_t step = 1;
  std::size_t lane = 0;
  std::vector<float> weights = {};
  float loss_scale = 1;
  std::size_t lanes = 1;

  TestBatch batch() const {
    TestBatch made(spec(), count, values);
    made.lanes = lanes;
    made.step = step;
    made.lane = lane;
    made.weights = weights;
    return made;
  }
};

class DeviceGraphsTest : public testing::TestWithParam<std::tuple<DeviceKernels, Precision>> {
 protected:
  static DeviceNetworkOptions options(DeviceGraphs graphs) {
    DeviceNetworkOptions made = test::device_options(std::get<Precision>(GetParam()));
    made.kernels = std::get<DeviceKernels>(GetParam());
    made.graphs = graphs;
    made.micro_batch = samples;
    made.seed = 7;
    return made;
  }

  BoundNetwork values_{spec(), test::options_for(Backend::reference)};
  OnGpuNetwork plain_{spec(), options(DeviceGraphs::off), values_};
  OnGpuNetwork graphed_{spec(), options(DeviceGraphs::on), values_};

  void expect_same(const Lane& lane) { expect_same(plain_, graphed_, lane); }
  static void expect_same(OnGpuNetwork& plain, OnGpuNetwork& graphed, const Lane& lane) {
    const TestBatch batch = lane.batch();
    std::vector<std::size_t> order;
    const BatchSums expected = plain.train(batch, lane.loss_scale);
    const BatchSums found =
        graphed.train(batch, lane.loss_scale, [&](std::size_t p) { order.push_back(p); });
    EXPECT_EQ(found.loss, expected.loss);
    EXPECT_EQ(found.correct, expected.correct);
    for (std::size_t p = 0; p < plain.grads.size(); ++p)
      EXPECT_TRUE(same_bits(graphed.grads[p], plain.grads[p])) << "parameter " << p;
    std::vector<std::size_t> backwards(plain.grads.size());
    std::iota(backwards.rbegin(), backwards.rend(), 0U);
    EXPECT_EQ(order, backwards);
  }
};

INSTANTIATE_TEST_SUITE_P(Networks, DeviceGraphsTest,
                         testing::ValuesIn(rondo::test::combinations(
                             rondo::test::Keep::values,
                             std::vector{DeviceKernels::direct, DeviceKernels::libraries},
                             std::vector{Precision::f32, Precision::bf16, Precision::f16})));

TEST_P(DeviceGraphsTest, lanes_may_differ_in_everything_but_their_size) {
  for (const Lane& lane :
       {Lane{}, Lane{}, Lane{}, Lane{.values = 1}, Lane{.step = 2}, Lane{.lane = 3},
        Lane{.weights = {1, 0, 2, 0.5F}}, Lane{.loss_scale = 256}, Lane{}})
    expect_same(lane);
}

TEST_P(DeviceGraphsTest, partial_batches_and_larger_ones_come_between) {
  for (const std::size_t count :
       {samples, samples, samples, std::size_t{3}, samples, samples, std::size_t{9}, samples,
        samples, samples, std::size_t{0}, samples})
    expect_same({.count = count});
}

TEST_P(DeviceGraphsTest, some_lanes_at_once_are_one_graph) {
  const auto of_two_lanes = [](DeviceGraphs graphs) {
    DeviceNetworkOptions made = options(graphs);
    made.micro_batch = samples / 2;
    made.lanes = 2;
    return made;
  };
  OnGpuNetwork plain(spec(), of_two_lanes(DeviceGraphs::off), values_);
  OnGpuNetwork graphed(spec(), of_two_lanes(DeviceGraphs::on), values_);
  const Lane both{.lanes = 2};
  for (const Lane& lane : {both, both, both, Lane{.lanes = 1}, Lane{.step = 2, .lanes = 2},
                           Lane{.lane = 3, .lanes = 2}, Lane{.count = samples / 2}, both})
    expect_same(plain, graphed, lane);
}

TEST_P(DeviceGraphsTest, parameters_change_and_move) {
  for (int lane = 0; lane < 3; ++lane)
    expect_same({});
  test::Tensors changed = values_.values;
  for (auto& values : changed)
    for (float& value : values)
      value *= 1.25F;

  for (OnGpuNetwork* const network : {&plain_, &graphed_}) {
    for (std::size_t p = 0; p < changed.size(); ++p)
      copy<float>(network->stream(), changed[p], network->value(p));
    (*network)->parameters_changed();
  }
  expect_same({});

  for (OnGpuNetwork* const network : {&plain_, &graphed_})
    network->set_values(values_.values);  // new memory
  for (int lane = 0; lane < 4; ++lane)
    expect_same({});
}

TEST_P(DeviceGraphsTest, evaluation_comes_between) {
  for (int lane = 0; lane < 4; ++lane) {
    expect_same({.step = static_cast<std::uint64_t>(lane)});
    const TestBatch batch = Lane{.count = 6}.batch();
    EXPECT_EQ(graphed_.evaluate(batch).loss, plain_.evaluate(batch).loss);
  }
}

/// Queues a copy of each gradient as soon as it is said to be complete.
TEST_P(DeviceGraphsTest, gradients_are_reported_where_the_caller_wants_to_know) {
  const TestBatch batch = Lane{}.batch();
  const std::size_t last = graphed_.grads.size() - 1;
  const std::vector<std::size_t> points{last - 3, 2};
  graphed_->report_at(points);
  for (int lane = 0; lane < 4; ++lane) {
    test::Tensors seen = graphed_.grads;
    graphed_.train(batch, 1, [&](std::size_t p) {
      copy<float>(graphed_.stream(), graphed_.grad(p), std::span(seen[p]));
    });
    plain_.train(batch);
    for (std::size_t p = 0; p < seen.size(); ++p) {
      EXPECT_TRUE(same_bits(seen[p], graphed_.grads[p])) << "parameter " << p;
      EXPECT_TRUE(same_bits(graphed_.grads[p], plain_.grads[p])) << "parameter " << p;
    }
  }
}

TEST_P(DeviceGraphsTest, a_pass_that_its_caller_ends_is_captured_again) {
  const auto failing = [](std::size_t p) {
    if (p == 2) throw CommError("a peer was lost");
  };
  const std::vector<std::size_t> points{4, 2};
  graphed_->report_at(points);
  expect_same({});
  EXPECT_THROW(graphed_.train(Lane{}.batch(), 1, failing), CommError);
  graphed_.clear_grads();
  plain_.clear_grads();

  for (int lane = 0; lane < 3; ++lane)
    expect_same({});
}

}  // namespace
}  // namespace rondo::nn
