// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Injected return codes: what users read, without a GPU.
#include "base/cuda/check.hpp"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rondo::cuda {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Thrown {
  ExitCode code;
  std::string what;
};

template <class Failure, class F>
std::optional<Thrown> thrown_by(F f) {
  try {
    f();
  } catch (const Failure& error) {
    return Thrown{error.code(), error.what()};
  }
  return std::nullopt;
}

TEST(CudaCheck, lets_successes_pass) {
  EXPECT_NO_THROW(check(cudaSuccess, "cudaMalloc"));
}

TEST(CudaCheck, names_the_call_and_the_error) {
  const auto error =
      thrown_by<DeviceError>([] { check(cudaErrorInvalidValue, "cudaMemcpyAsync"); });

  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ExitCode::internal);
  EXPECT_THAT(error->what,
              AllOf(HasSubstr("cudaMemcpyAsync: "), HasSubstr("cudaErrorInvalidValue")));
}

TEST(CudaCheck, names_step_and_kernels_of_a_fault) {
  LaunchTrail trail;
  trail.begin_step(7);
  trail.launched("optim::adamw");

  const auto error = thrown_by<DeviceError>(
      [&] { check(cudaErrorIllegalAddress, "cudaStreamSynchronize", trail); });

  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ExitCode::internal);
  EXPECT_THAT(error->what, AllOf(HasSubstr("in step 7 since the start, in the kernel optim::adamw"),
                                 HasSubstr("RONDO_DEVICE_FAULTS=every_launch")));
}

TEST(CudaCheck, blames_the_machine_for_what_it_lacks) {
  for (const auto code : {cudaErrorNoDevice, cudaErrorDevicesUnavailable, cudaErrorSystemNotReady,
                          cudaErrorNoKernelImageForDevice}) {
    const auto error = thrown_by<ConfigError>([&] { check(code, "cudaSetDevice"); });
    ASSERT_TRUE(error) << cudaGetErrorName(code);
    EXPECT_EQ(error->code, ExitCode::configuration);
  }
}

TEST(CudaCheck, says_what_to_do_about_a_driver_that_is_missing_or_too_old) {
  const auto error =
      thrown_by<ConfigError>([] { check(cudaErrorInsufficientDriver, "cudaGetDeviceCount"); });

  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ExitCode::configuration);
  EXPECT_THAT(error->what, AllOf(HasSubstr("cudaGetDeviceCount: "), HasSubstr("NVIDIA driver")));
  EXPECT_THAT(old_driver_text(12'040, 13'000),
              HasSubstr("serves CUDA 12.4, this build needs 13.0: install a newer driver"));
  EXPECT_THAT(old_driver_text(0, 13'000), HasSubstr("no NVIDIA driver here"));
}

TEST(CudaCheck, lets_a_job_start_again_after_a_fault_of_the_hardware) {
  for (const auto code : {cudaErrorECCUncorrectable, cudaErrorUnknown}) {
    const auto error = thrown_by<DeviceError>([&] { check(code, "cudaStreamSynchronize"); });
    ASSERT_TRUE(error) << code;
    EXPECT_EQ(error->code, ExitCode::requeue);
    EXPECT_THAT(error->what, HasSubstr("--resume"));
  }
}

TEST(CudaCheck, says_bytes_asked_and_free_when_memory_is_short) {
  const std::string text =
      out_of_memory_text("the optimizer's slots", 3ULL << 30, 1ULL << 30, 80ULL << 30);

  EXPECT_THAT(text,
              AllOf(HasSubstr("the optimizer's slots"), HasSubstr("3.00 GiB (3221225472 bytes)"),
                    HasSubstr("1.00 GiB"), HasSubstr("of 80.00 GiB")));
}

}  // namespace
}  // namespace rondo::cuda
