// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include "common/nearest_name.hpp"

namespace rondo::apps {
namespace {

TEST(EditDistance, counts_changes_and_swapped_neighbours) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("lanes", "lanes"), 0U);
  EXPECT_EQ(edit_distance("epoch", "epochs"), 1U);
  EXPECT_EQ(edit_distance("epcohs", "epochs"), 1U);
  EXPECT_EQ(edit_distance("seed", "speed"), 1U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
}

TEST(NearestName, is_what_was_probably_meant) {
  const std::vector<std::string> names = {"data", "epochs", "lr", "precision", "output"};

  EXPECT_EQ(nearest_name("epoch", names), "epochs");
  EXPECT_EQ(nearest_name("outptu", names), "output");
  EXPECT_EQ(nearest_name("precison", names), "precision");
  EXPECT_EQ(nearest_name("prec", names), "precision");
  EXPECT_EQ(nearest_name("lt", names), "lr");
}

TEST(NearestName, is_empty_when_nothing_is_close) {
  const std::vector<std::string> names = {"data", "epochs", "lr"};

  EXPECT_EQ(nearest_name("momentum", names), "");
  EXPECT_EQ(nearest_name("xy", names), "");
  EXPECT_EQ(nearest_name("", names), "");
}

}  // namespace
}  // namespace rondo::apps
