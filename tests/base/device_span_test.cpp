// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/device_span.hpp"

#include <array>

#include <gtest/gtest.h>

namespace rondo {
namespace {

TEST(DeviceSpan, cuts_parts_and_refuses_those_outside) {
  std::array<float, 8> memory{};
  const DeviceSpan<float> all(memory.data(), memory.size());
  const DeviceSpan<const float> part = all.subspan(2, 3);

  EXPECT_EQ(part.data(), memory.data() + 2);
  EXPECT_EQ(part.size_bytes(), 12U);
  EXPECT_TRUE(all.subspan(8, 0).empty());
  EXPECT_THROW(all.subspan(6, 3), UsageError);
  EXPECT_THROW(all.subspan(9, 0), UsageError);
  EXPECT_THROW(all.subspan(1, static_cast<std::size_t>(-1)), UsageError);
}

}  // namespace
}  // namespace rondo
