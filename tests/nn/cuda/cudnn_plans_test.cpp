// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// cuDNN makes plans for GPUs that are only described: which ones there are, without one at hand.
#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/cuda/cudnn_graph.hpp"

namespace rondo::nn::cuda::cudnn {
namespace {

/// What cuDNN wants to know of a GPU, with the figures of an A100 (80), H100 (90) or B200 (100).
std::string properties_of(int capability) {
  const int processors = capability == 80 ? 108 : capability == 90 ? 132 : 148;
  const int shared_bytes = capability == 80 ? 166'912 : 232'448;
  return fmt::format(
      R"({{"deviceName": "a GPU of capability {0}", "cudaDeviceId": 0, "deviceVer": {0}0,
          "driverVer": 13000, "maxGridSize": [2147483647, 65535, 65535],
          "maxBlockSize": [1024, 1024, 64], "regsPerBlock": 65536, "multiProcessorCount": {1},
          "smClockRateKHz": 1410000, "memClockRateKHz": 2600000, "l2CacheSize": 41943040,
          "warpSize": 32, "maxSharedMemoryPerBlock": 49152,
          "maxSharedMemoryPerBlockOptin": {2}, "reservedSharedMemoryPerBlock": 1024,
          "maxRegistersPerSM": 65536, "pciDeviceId": 0, "maxCtasPerSM": 32,
          "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "isTccDriver": 0,
          "supportCoopLaunch": 1, "totalGlobalMem": 80000000000}})",
      capability, processors, shared_bytes);
}

/// Of a batch of 256: channels in and out, input height, kernel, stride, padding.
struct Layer {
  std::int64_t in, out, size, kernel, stride, padding;
};

/// The kinds of convolutions in a ResNet-50, and the first of the network for 28x28 images.
constexpr std::array layers{Layer{3, 64, 224, 7, 2, 3},   Layer{64, 64, 56, 1, 1, 0},
                            Layer{64, 64, 56, 3, 1, 1},   Layer{256, 512, 56, 1, 2, 0},
                            Layer{128, 128, 56, 3, 2, 1}, Layer{512, 512, 7, 3, 1, 1},
                            Layer{512, 2048, 7, 1, 1, 0}, Layer{1, 32, 28, 3, 1, 1}};

Problem problem_of(const Layer& layer, Pass pass, cudnnDataType_t type, std::int64_t batch) {
  const std::int64_t size = (layer.size + 2 * layer.padding - layer.kernel) / layer.stride + 1;
  return {.pass = pass,
          .type = type,
          .input = {batch, layer.in, layer.size, layer.size},
          .weights = {layer.out, layer.in, layer.kernel, layer.kernel},
          .output = {batch, layer.out, size, size},
          .stride = layer.stride,
          .padding = layer.padding};
}

std::vector<Plan> first_plans(const Target& target, const Problem& problem, std::size_t most) {
  PlanSearch search(target, problem);
  std::vector<Plan> plans;
  while (plans.size() < most) {
    auto plan = search.next();
    if (!plan) break;
    plans.push_back(std::move(*plan));
  }
  return plans;
}

class CudnnPlans : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Capabilities, CudnnPlans, testing::Values(80, 90, 100));

TEST_P(CudnnPlans, there_is_one_for_every_pass_of_every_layer_in_every_type) {
  const Target target(properties_of(GetParam()));
  for (const Layer& layer : layers)
    for (const Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weights})
      for (const cudnnDataType_t type : {CUDNN_DATA_FLOAT, CUDNN_DATA_BFLOAT16, CUDNN_DATA_HALF}) {
        SCOPED_TRACE(fmt::format("{} -> {} channels, pass {}, type {}", layer.in, layer.out,
                                 static_cast<int>(pass), static_cast<int>(type)));
        const auto plans = first_plans(target, problem_of(layer, pass, type, 256), 1);
        EXPECT_EQ(plans.size(), 1U);
        EXPECT_LE(plans.at(0).workspace_bytes(), most_workspace_bytes);
      }
}

TEST_P(CudnnPlans, there_are_several_to_choose_from) {
  const Target target(properties_of(GetParam()));
  const Problem problem = problem_of(layers[2], Pass::forward, CUDNN_DATA_BFLOAT16, 256);
  EXPECT_EQ(first_plans(target, problem, 4).size(), 4U);
}

/// Others of f32 there are none of: those that it compiles as they are needed multiply in TF32.
TEST_P(CudnnPlans, those_of_f32_add_a_bias_and_pass_a_relu) {
  const Target target(properties_of(GetParam()));
  for (const Layer& layer : layers)
    for (const bool relu : {false, true}) {
      Problem problem = problem_of(layer, Pass::forward, CUDNN_DATA_FLOAT, 256);
      problem.epilogue = {.bias = true, .relu = relu};
      PlanSearch search(target, problem);
      EXPECT_TRUE(search.next()) << describe(problem) << search.tried();
    }
}

/// Plans of short types are compiled as they are needed, with a driver; here, cuDNN takes the
/// graph.
TEST_P(CudnnPlans, graphs_of_short_types_do_what_is_behind) {
  const Target target(properties_of(GetParam()));
  for (const cudnnDataType_t type : {CUDNN_DATA_BFLOAT16, CUDNN_DATA_HALF})
    for (const Layer& layer : layers) {
      Problem problem = problem_of(layer, Pass::forward, type, 256);
      problem.epilogue = {.scales = true, .bias = true, .adds = true, .relu = true};
      EXPECT_NO_THROW(PlanSearch(target, problem)) << describe(problem);
    }
}

TEST(CudnnPlan, what_cannot_be_is_named) {
  const Target target(properties_of(90));
  Problem problem = problem_of(layers[2], Pass::forward, CUDNN_DATA_BFLOAT16, 2);
  problem.output[2] = 1;
  try {
    const PlanSearch search(target, problem);
    ADD_FAILURE() << "no error";
  } catch (const DeviceError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("CUDNN_STATUS_BAD_PARAM"));
  }
}

}  // namespace
}  // namespace rondo::nn::cuda::cudnn
