// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// cuDNN's convolutions where it is emulated: the graphs that are built, and what it may answer.
#include <algorithm>
#include <string>
#include <vector>

#include <cudnn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/cuda/library_support.hpp"
#include "nn/cuda/support.hpp"

namespace rondo::nn {
namespace {

using cuda_emulation::cudnn_history;
using cuda_emulation::cudnn_settings;
using cuda_emulation::CudnnEngine;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using CudnnRun = cuda_emulation::CudnnHistory::Run;

class CudnnNetworks : public testing::Test {
 protected:
  CudnnNetworks() { cudnn_history() = {}; }
  ~CudnnNetworks() override {
    cudnn_settings() = {};
    cuda_emulation::occupy(0);
  }

  /// Two layers of one shape, behind one of another.
  static NetworkSpec spec() {
    const Conv2d conv{.out_channels = 4, .bias = false};
    return {"three_convolutions",
            {2, 5, 4},
            3,
            {conv, Relu{}, conv, Relu{}, conv, Relu{}, Linear{.out_features = 3}}};
  }
  static constexpr std::size_t layers = 3;
  static constexpr std::size_t shapes = 2;

  static DeviceNetworkOptions options(Precision precision = Precision::f32,
                                      PlanChoice plans = PlanChoice::heuristic) {
    DeviceNetworkOptions options = test::device_options(precision);
    options.kernels = DeviceKernels::libraries;
    options.plans = plans;
    return options;
  }

  struct Trained {
    double loss;
    test::Tensors grads;
  };
  static Trained train(const DeviceNetworkOptions& options) {
    const test::BoundNetwork values(spec(), test::options_for(Backend::reference));
    test::OnGpuNetwork network(spec(), options, values);
    const double loss = network.train(test::TestBatch(spec(), 4)).loss;
    return {loss, network.grads};
  }
  static void expect_trained_as_direct(const DeviceNetworkOptions& found_options) {
    const double tolerance = found_options.precision.compute == Precision::f32 ? 1e-5 : 2e-2;
    DeviceNetworkOptions direct = found_options;
    direct.kernels = DeviceKernels::direct;
    const Trained expected = train(direct);

    const Trained found = train(found_options);

    EXPECT_NEAR(found.loss, expected.loss, tolerance * expected.loss);
    for (std::size_t p = 0; p < expected.grads.size(); ++p)
      EXPECT_LE(test::relative_distance(found.grads[p], expected.grads[p]), tolerance);
  }

  static std::size_t runs_of(const std::string& graph) {
    return static_cast<std::size_t>(
        std::ranges::count(cudnn_history().runs, graph, &CudnnRun::graph));
  }
  static bool was_run_by(const std::string& graph, std::size_t engine) {
    return std::ranges::any_of(cudnn_history().runs, [&](const CudnnRun& run) {
      return run.engine == engine && run.graph.starts_with(graph);
    });
  }
};

TEST_F(CudnnNetworks, train_as_direct_ones) {
  for (const Precision precision : {Precision::f32, Precision::bf16, Precision::f16})
    expect_trained_as_direct(options(precision));
  EXPECT_FALSE(cudnn_history().runs.empty());
}

TEST_F(CudnnNetworks, layers_of_one_shape_share_their_plans_in_every_pass) {
  const test::BoundNetwork values(spec(), test::options_for(Backend::reference));
  test::OnGpuNetwork network(spec(), options(), values);
  network.train(test::TestBatch(spec(), 4));
  network.evaluate(test::TestBatch(spec(), 4));

  // Nobody wants the images' gradient.
  EXPECT_EQ(cudnn_history().searches.size(), 3 * shapes - 1);
  EXPECT_EQ(runs_of("forward+relu of 4"), 2 * layers);
}

TEST_F(CudnnNetworks, plans_that_cannot_be_made_or_run_are_passed_over) {
  const std::vector<CudnnEngine> bad{{.plan_status = CUDNN_STATUS_NOT_SUPPORTED},
                                     {.run_status = CUDNN_STATUS_EXECUTION_FAILED},
                                     {.workspace_bytes = std::size_t{1} << 40}};
  for (const CudnnEngine& engine : bad)
    for (const PlanChoice plans : {PlanChoice::heuristic, PlanChoice::measured}) {
      cudnn_settings().engines = {engine, {}};
      expect_trained_as_direct(options(Precision::f32, plans));
    }
}

TEST_F(CudnnNetworks, without_any_the_layer_its_shapes_and_what_was_tried_are_named) {
  cudnn_settings().engines = {{.plan_status = CUDNN_STATUS_NOT_SUPPORTED},
                              {.run_status = CUDNN_STATUS_EXECUTION_FAILED},
                              {.workspace_bytes = std::size_t{1} << 40}};
  for (const PlanChoice plans : {PlanChoice::heuristic, PlanChoice::measured})
    EXPECT_THAT(
        [&] { train(options(Precision::bf16, plans)); },
        ThrowsMessage<DeviceError>(AllOf(
            HasSubstr("layer conv1: cuDNN"), HasSubstr("forward pass of a convolution in bf16"),
            HasSubstr("input (4, 2, 5, 4), weights (4, 2, 3, 3)"),
            HasSubstr("engine 0: cudnnBackendFinalize failed: CUDNN_STATUS_NOT_SUPPORTED"),
            HasSubstr("engine 1: cudnnBackendExecute failed: CUDNN_STATUS_EXECUTION_FAILED"),
            HasSubstr("engine 2: a workspace of 1099511627776 bytes, above 1073741824"))));
}

TEST_F(CudnnNetworks, memory_that_does_not_suffice_for_a_plan_takes_another_where_bits_may_differ) {
  cudnn_settings().engines = {{.workspace_bytes = std::size_t{1} << 25}, {}};
  cuda_emulation::occupy(Device().free_bytes() - (std::size_t{1} << 24));

  train(options(Precision::f32, PlanChoice::measured));

  EXPECT_FALSE(was_run_by("", 0));
  EXPECT_THAT([] { train(options()); }, ThrowsMessage<DeviceError>(HasSubstr("workspace")));
}

TEST_F(CudnnNetworks, what_was_only_tried_is_freed) {
  const std::size_t much = std::size_t{1} << 25;
  cudnn_settings().engines = {
      {.workspace_bytes = much, .run_status = CUDNN_STATUS_EXECUTION_FAILED}, {}};
  const Device device;
  const std::size_t before = device.free_bytes();

  const auto network =
      make_device_network(device, spec(), options(Precision::f32, PlanChoice::measured));

  EXPECT_GT(device.free_bytes() + much / 2, before);
}

TEST_F(CudnnNetworks, measure_before_the_first_step_and_never_again) {
  const test::BoundNetwork values(spec(), test::options_for(Backend::reference));
  test::OnGpuNetwork network(spec(), options(Precision::f32, PlanChoice::measured), values);
  const std::size_t searches = cudnn_history().searches.size();
  EXPECT_EQ(searches, 3 * shapes - 1);
  EXPECT_GT(runs_of("forward+relu of 4"), shapes);

  cudnn_history().runs.clear();
  network.train(test::TestBatch(spec(), 4));
  network.train(test::TestBatch(spec(), 3));
  network.evaluate(test::TestBatch(spec(), 2));

  EXPECT_EQ(runs_of("forward+relu of 4"), layers);
  EXPECT_EQ(runs_of("backward_weights of 4"), layers);
  EXPECT_EQ(runs_of("forward+relu of 3"), layers);
  EXPECT_EQ(runs_of("backward_data of 3"), layers - 1);
  EXPECT_EQ(runs_of("forward+relu of 2"), layers);
  EXPECT_FALSE(was_run_by("forward+relu of 3", 1));
  EXPECT_EQ(cudnn_history().searches.size(), searches + 3 * shapes - 1 + shapes);
}

TEST_F(CudnnNetworks, only_measured_gradients_of_weights_may_differ_from_run_to_run) {
  cudnn_settings().engines = {{.notes = {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC}}, {}};

  train(options(Precision::f32, PlanChoice::heuristic));
  EXPECT_FALSE(was_run_by("", 0));

  train(options(Precision::f32, PlanChoice::measured));
  EXPECT_TRUE(was_run_by("backward_weights", 0));
  EXPECT_FALSE(was_run_by("backward_data", 0) || was_run_by("forward", 0));
}

/// All that is behind convolutions: with a bias or not, a ReLU or none, an Add on either side.
NetworkSpec with_norms() {
  const Conv2d conv{.out_channels = 5, .bias = false};
  return {"with_norms",
          {2, 5, 4},
          3,
          {Conv2d{.out_channels = 5}, BatchNorm{}, Relu{}, conv, BatchNorm{},
           Residual{.branch = {conv, BatchNorm{}, Relu{}, conv, BatchNorm{}}}, Relu{},
           Residual{.branch = {conv, BatchNorm{}}}, conv, Relu{}, BatchNorm{},
           Linear{.out_features = 3}}};
}

TEST_F(CudnnNetworks, evaluation_normalises_in_the_convolution_or_behind_it) {
  const NetworkSpec spec = with_norms();
  const test::BoundNetwork values(spec, test::options_for(Backend::reference));
  const test::TestBatch batch(spec, 4);
  for (const Precision precision : {Precision::f32, Precision::bf16, Precision::f16}) {
    const double tolerance = precision == Precision::f32 ? 1e-5 : 1e-2;
    test::OnGpuNetwork direct(spec, test::device_options(precision), values);
    const double expected = direct.evaluate(batch).loss;
    for (const bool fuses : {true, false}) {
      cudnn_history() = {};
      cudnn_settings().engines = {{.fuses = fuses}};
      test::OnGpuNetwork network(spec, options(precision), values);

      EXPECT_NEAR(network.evaluate(batch).loss, expected, tolerance * expected);

      // Of six convolutions, the one with a ReLU in front of its BatchNorm keeps to itself.
      EXPECT_EQ(runs_of("forward+mul+add+relu of 4"), fuses ? 2U : 0U);
      EXPECT_EQ(runs_of("forward+mul+add of 4"), fuses ? 1U : 0U);
      EXPECT_EQ(runs_of("forward+mul+add+add+relu of 4"), fuses ? 1U : 0U);
      EXPECT_EQ(runs_of("forward+mul+add+add of 4"), fuses ? 1U : 0U);
      EXPECT_EQ(runs_of("forward+relu of 4"), fuses ? 1U : 0U);
      EXPECT_EQ(runs_of("forward of 4"), fuses ? 0U : 6U);
    }
  }
}

TEST_F(CudnnNetworks, training_normalises_by_the_batch) {
  const NetworkSpec spec = with_norms();
  const test::BoundNetwork values(spec, test::options_for(Backend::reference));
  test::OnGpuNetwork network(spec, options(), values);
  test::OnGpuNetwork direct(spec, test::device_options(), values);
  const test::TestBatch batch(spec, 4);

  EXPECT_NEAR(network.train(batch).loss, direct.train(batch).loss, 1e-4);

  for (std::size_t p = 0; p < direct.grads.size(); ++p)
    EXPECT_LE(test::relative_distance(network.grads[p], direct.grads[p]), 1e-4) << p;
  EXPECT_EQ(runs_of("forward of 4"), 4U);
  EXPECT_EQ(runs_of("forward+relu of 4"), 1U);
  EXPECT_EQ(runs_of("forward+add of 4"), 1U);
}

TEST_F(CudnnNetworks, measured_plans_have_what_is_behind_if_there_are_some) {
  for (const bool fuses : {true, false}) {
    cudnn_history() = {};
    cudnn_settings().engines = {{.fuses = fuses}, {.fuses = fuses}};
    expect_trained_as_direct(options(Precision::f32, PlanChoice::measured));
    EXPECT_EQ(runs_of("forward+relu of 4") > 0, fuses);
  }
}

TEST_F(CudnnNetworks, a_bias_is_added_with_the_convolution_or_behind_it) {
  const NetworkSpec biased{
      "biased", {2, 5, 4}, 3, {Conv2d{.out_channels = 4}, Linear{.out_features = 3}}};
  const test::BoundNetwork values(biased, test::options_for(Backend::reference));
  const test::TestBatch batch(biased, 4);
  test::OnGpuNetwork direct(biased, test::device_options(), values);
  const double expected = direct.train(batch).loss;
  for (const bool fuses : {true, false}) {
    cudnn_history() = {};
    cudnn_settings().engines = {{.fuses = fuses}};
    test::OnGpuNetwork network(biased, options(), values);

    EXPECT_NEAR(network.train(batch).loss, expected, 1e-5 * expected);

    EXPECT_EQ(runs_of("forward+add of 4"), fuses ? 1U : 0U);
    EXPECT_EQ(runs_of("forward of 4"), fuses ? 0U : 1U);
  }
}

}  // namespace
}  // namespace rondo::nn
