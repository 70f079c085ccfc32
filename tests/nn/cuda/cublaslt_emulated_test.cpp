// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What cuBLASLt may answer: failures of its calls, and epilogues that it does not have.
#include <functional>
#include <string>

#include <cublasLt.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

#include "nn/cuda/cublaslt.hpp"
#include "nn/cuda/library_support.hpp"
#include "nn/cuda/support.hpp"

namespace rondo::nn {
namespace {

using cuda_emulation::cublaslt_epilogues_run;
using cuda_emulation::cublaslt_faults;
using testing::HasSubstr;
using testing::ThrowsMessage;

class CublasLt : public testing::Test {
 protected:
  ~CublasLt() override { cublaslt_faults() = {}; }

  static NetworkSpec spec() {
    return {"two_linears",
            {6, 2, 1},
            5,
            {Linear{.out_features = 8}, Relu{}, Linear{.out_features = 5}}};
  }

  struct Trained {
    double loss;
    test::Tensors grads;
  };
  static Trained train(Precision precision = Precision::f32) {
    const test::BoundNetwork values(spec(), test::options_for(Backend::reference));
    DeviceNetworkOptions options = test::device_options(precision);
    options.kernels = DeviceKernels::libraries;
    test::OnGpuNetwork network(spec(), options, values);
    const double loss = network.train(test::TestBatch(spec(), 4)).loss;
    return {loss, network.grads};
  }
};

TEST_F(CublasLt, failures_name_the_call_and_the_code) {
  for (const char* const call :
       {"cublasLtCreate", "cublasLtMatmulDescCreate", "cublasLtMatmulDescSetAttribute",
        "cublasLtMatrixLayoutCreate", "cublasLtMatmulPreferenceCreate",
        "cublasLtMatmulPreferenceSetAttribute", "cublasLtMatmulAlgoGetHeuristic",
        "cublasLtMatmul"}) {
    cublaslt_faults() = {.call = call, .status = CUBLAS_STATUS_INTERNAL_ERROR};
    EXPECT_THAT([] { train(); }, ThrowsMessage<DeviceError>(HasSubstr(
                                     std::string(call) + " failed: CUBLAS_STATUS_INTERNAL_ERROR")));
  }
}

TEST_F(CublasLt, gpus_without_kernels_are_the_machines_fault) {
  cublaslt_faults() = {.call = "cublasLtMatmul", .status = CUBLAS_STATUS_ARCH_MISMATCH};
  EXPECT_THAT([] { train(); }, ThrowsMessage<ConfigError>(HasSubstr("no kernels for the GPU")));
}

TEST_F(CublasLt, bias_relu_and_the_biases_gradients_are_epilogues) {
  train();

  constexpr unsigned expected =
      CUBLASLT_EPILOGUE_RELU_BIAS | CUBLASLT_EPILOGUE_BIAS | CUBLASLT_EPILOGUE_BGRADB;
  EXPECT_EQ(cublaslt_epilogues_run() & expected, expected);
}

TEST_F(CublasLt, epilogues_that_it_lacks_are_kernels_of_our_own) {
  for (const Precision precision : {Precision::f32, Precision::bf16}) {
    cublaslt_faults() = {};
    const Trained expected = train(precision);
    cublaslt_faults() = {.missing_epilogues = ~unsigned{CUBLASLT_EPILOGUE_DEFAULT}};

    const Trained found = train(precision);

    const double tolerance = precision == Precision::f32 ? 1e-5 : 0.02;
    EXPECT_NEAR(found.loss, expected.loss, tolerance * expected.loss);
    for (std::size_t p = 0; p < expected.grads.size(); ++p)
      EXPECT_LE(test::relative_distance(found.grads[p], expected.grads[p]), tolerance) << p;
  }
}

TEST_F(CublasLt, products_that_it_lacks_are_named) {
  cublaslt_faults() = {.missing_epilogues = ~0U};
  EXPECT_THAT([] { train(Precision::bf16); },
              ThrowsMessage<DeviceError>(
                  HasSubstr("product of 12x8 transposed by 12x4, bf16 to bf16, epilogue 1")));
}

/// The emulation's own promise: sums that may be added up in any order differ from run to run.
TEST_F(CublasLt, sums_are_added_up_in_one_order) {
  const Trained first = train();
  const Trained second = train();

  EXPECT_EQ(second.loss, first.loss);
  for (std::size_t p = 0; p < first.grads.size(); ++p)
    EXPECT_TRUE(rondo::test::same_bits(second.grads[p], first.grads[p])) << p;
}

}  // namespace
}  // namespace rondo::nn
