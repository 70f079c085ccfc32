// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/nn/device_network.hpp"

namespace rondo::nn {
namespace {

TEST(CheckLabels, names_the_first_that_is_no_class) {
  EXPECT_NO_THROW(check_labels({}, 3));
  EXPECT_NO_THROW(check_labels(std::vector<std::int32_t>{0, 2, 1}, 3));
  EXPECT_THROW(check_labels(std::vector<std::int32_t>{0, -1}, 3), UsageError);
  try {
    check_labels(std::vector<std::int32_t>{0, 2, 3, -1}, 3);
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("label 3 of sample 2 is outside [0, 3)"));
  }
}

}  // namespace
}  // namespace rondo::nn
