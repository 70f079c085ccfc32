// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The libraries that CMake found are those whose headers it found.
#include <cudnn.h>
#include <gtest/gtest.h>
#include <nccl.h>

namespace rondo {
namespace {

TEST(CudaLibraries, nccl_is_of_its_headers_version) {
  int version = 0;
  ASSERT_EQ(ncclGetVersion(&version), ncclSuccess);
  EXPECT_EQ(version, NCCL_VERSION_CODE);
}

TEST(CudaLibraries, cudnn_is_of_its_headers_version) {
  EXPECT_EQ(cudnnGetVersion(), static_cast<std::size_t>(CUDNN_VERSION));
}

}  // namespace
}  // namespace rondo
