// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/table.hpp"

namespace rondo::apps {
namespace {

TEST(KeyValueTable, aligns_the_values) {
  EXPECT_EQ(key_value_table({{"test accuracy", "92.3 %"}, {"ranks", "2"}}),
            "test accuracy  92.3 %\n"
            "ranks          2\n");
}

}  // namespace
}  // namespace rondo::apps
