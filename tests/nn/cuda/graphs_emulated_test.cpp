// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// When training is captured, and what happens where CUDA cannot: the emulation counts launches.
#include <algorithm>
#include <vector>

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/cuda/support.hpp"

namespace rondo::nn {
namespace {

using cuda_emulation::fail_captures;
using cuda_emulation::graph_launches;
using test::OnGpuNetwork;
using test::TestBatch;
using testing::HasSubstr;

class GraphLaunches : public testing::Test {
 protected:
  ~GraphLaunches() override { fail_captures(false); }

  /// Four parameters.
  static NetworkSpec spec() {
    return {"two_linears",
            {6, 1, 1},
            6,
            {Linear{.out_features = 8}, Relu{}, Linear{.out_features = 6}}};
  }
  static OnGpuNetwork make(DeviceGraphs graphs, DeviceKernels kernels = DeviceKernels::direct) {
    DeviceNetworkOptions options = test::device_options();
    options.kernels = kernels;
    options.graphs = graphs;
    return {spec(), options, test::BoundNetwork(spec(), test::options_for(Backend::reference))};
  }
  /// How many graphs a pass launches.
  static std::size_t launches(OnGpuNetwork& network, std::size_t samples = 4) {
    const std::size_t before = graph_launches();
    network.train(TestBatch(spec(), samples));
    return graph_launches() - before;
  }
};

TEST_F(GraphLaunches, begin_with_the_second_full_batch) {
  OnGpuNetwork network = make(DeviceGraphs::on);
  EXPECT_EQ(launches(network), 0U);
  EXPECT_EQ(launches(network), 1U);
  EXPECT_EQ(launches(network), 1U);
  EXPECT_EQ(launches(network, 3), 0U);
  EXPECT_EQ(launches(network), 1U);
}

TEST_F(GraphLaunches, are_one_for_each_part_that_the_caller_wants_to_know_of) {
  OnGpuNetwork network = make(DeviceGraphs::automatic);
  network->report_at(std::vector<std::size_t>{2});
  launches(network);
  EXPECT_EQ(launches(network), 2U);
}

TEST_F(GraphLaunches, begin_again_when_memory_has_moved) {
  OnGpuNetwork network = make(DeviceGraphs::on);
  launches(network);
  launches(network);

  network.bind();
  EXPECT_EQ(launches(network), 0U);
  EXPECT_EQ(launches(network), 1U);
  launches(network, 9);
  EXPECT_EQ(launches(network), 0U);
  EXPECT_EQ(launches(network), 1U);
}

/// The emulated cuBLASLt needs more workspace for an odd batch.
TEST_F(GraphLaunches, begin_again_when_a_library_has_taken_memory) {
  OnGpuNetwork network = make(DeviceGraphs::on, DeviceKernels::libraries);
  while (launches(network) == 0U) {
  }
  launches(network, 3);
  EXPECT_EQ(launches(network), 0U);
  EXPECT_EQ(launches(network), 1U);
  launches(network, 3);
  EXPECT_EQ(launches(network), 1U);
}

TEST_F(GraphLaunches, are_none_where_they_are_off) {
  OnGpuNetwork network = make(DeviceGraphs::off);
  launches(network);
  EXPECT_EQ(launches(network), 0U);
}

TEST_F(GraphLaunches, automatic_ones_give_way_where_cuda_cannot_capture) {
  OnGpuNetwork found = make(DeviceGraphs::automatic);
  OnGpuNetwork expected = make(DeviceGraphs::off);
  fail_captures(true);
  launches(found);
  testing::internal::CaptureStderr();
  EXPECT_EQ(launches(found), 0U);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("training without CUDA graphs: cudaStreamEndCapture"));
  fail_captures(false);
  EXPECT_EQ(launches(found), 0U);

  for (int pass = 0; pass < 3; ++pass)
    launches(expected);
  for (std::size_t p = 0; p < expected.grads.size(); ++p)
    EXPECT_TRUE(rondo::test::same_bits(found.grads[p], expected.grads[p])) << p;
}

TEST_F(GraphLaunches, that_must_be_report_it) {
  OnGpuNetwork network = make(DeviceGraphs::on);
  fail_captures(true);
  launches(network);
  EXPECT_THROW(launches(network), DeviceError);
}

}  // namespace
}  // namespace rondo::nn
