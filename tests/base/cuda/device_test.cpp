// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What a build with CUDA says on a machine, whether it has a GPU or not.
#include "rondo/base/device.hpp"

#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"

namespace rondo {
namespace {

bool has_driver() {
  int driver = 0;
  return cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0;
}

TEST(Device, says_that_there_is_no_driver_where_there_is_none) {
  if (has_driver()) GTEST_SKIP() << "this machine has an NVIDIA driver";
  try {
    const Device device(0);
    FAIL() << "there is a device";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.code(), ExitCode::configuration);
    EXPECT_THAT(error.what(), testing::HasSubstr("there is no NVIDIA driver here"));
  }
}

TEST(Device, refuses_an_index_that_no_machine_has) {
  EXPECT_TRUE(built_with_cuda());
  EXPECT_THROW(Device(-1), ConfigError);
  EXPECT_THROW(Device(1000), ConfigError);
}

}  // namespace
}  // namespace rondo
