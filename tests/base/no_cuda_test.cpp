// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/device.hpp"
#include "rondo/base/device_memory.hpp"
#include "rondo/base/error.hpp"

namespace rondo {
namespace {

TEST(NoCuda, says_how_to_get_a_build_with_cuda) {
  EXPECT_FALSE(built_with_cuda());
  try {
    const Device device(0);
    FAIL() << "there is a device";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.code(), ExitCode::configuration);
    EXPECT_THAT(error.what(), testing::HasSubstr("cmake --preset cuda"));
  }
  EXPECT_THROW(device_count(), ConfigError);
  EXPECT_THROW(PinnedMemory<float>(1, "a test"), ConfigError);
}

}  // namespace
}  // namespace rondo
