// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// cuDNN's convolutions where it is emulated: the graphs that are built, and what it may answer.
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
using testing::HasSubstr;
using testing::ThrowsMessage;

class CudnnNetworks : public testing::Test {
 protected:
  CudnnNetworks() { cudnn_history() = {}; }
  ~CudnnNetworks() override { cudnn_settings() = {}; }

  static NetworkSpec spec() {
    return {"two_convolutions",
            {2, 5, 4},
            3,
            {Conv2d{.out_channels = 4, .bias = false}, Relu{},
             Conv2d{.out_channels = 4, .kernel = 1, .padding = 0}, Linear{.out_features = 3}}};
  }

  struct Trained {
    double loss;
    test::Tensors grads;
  };
  static Trained train(Precision precision, DeviceKernels kernels) {
    const test::BoundNetwork values(spec(), test::options_for(Backend::reference));
    DeviceNetworkOptions options = test::device_options(precision);
    options.kernels = kernels;
    test::OnGpuNetwork network(spec(), options, values);
    const double loss = network.train(test::TestBatch(spec(), 4)).loss;
    return {loss, network.grads};
  }
};

TEST_F(CudnnNetworks, train_as_direct_ones) {
  for (const Precision precision : {Precision::f32, Precision::bf16, Precision::f16}) {
    const double tolerance = precision == Precision::f32 ? 1e-5 : 2e-2;
    const Trained expected = train(precision, DeviceKernels::direct);

    const Trained found = train(precision, DeviceKernels::libraries);

    EXPECT_NEAR(found.loss, expected.loss, tolerance * expected.loss);
    for (std::size_t p = 0; p < expected.grads.size(); ++p)
      EXPECT_LE(test::relative_distance(found.grads[p], expected.grads[p]), tolerance);
  }
  EXPECT_FALSE(cudnn_history().runs.empty());
}

TEST_F(CudnnNetworks, what_no_engine_computes_is_named) {
  cudnn_settings().engines.clear();

  EXPECT_THAT([] { train(Precision::bf16, DeviceKernels::libraries); },
              ThrowsMessage<DeviceError>(HasSubstr("input (4, 2, 5, 4), weights (4, 2, 3, 3)")));
}

}  // namespace
}  // namespace rondo::nn
