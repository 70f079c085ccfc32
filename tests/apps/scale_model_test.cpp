// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "scale/model.hpp"

namespace rondo::test {
namespace {

using scale::ModelWork;

/// Passes of 1 + 2 and 1 + 2 seconds; a quarter of the gradients belongs to the first layer.
ModelWork two_layers() {
  return {.name = "two",
          .layers = {
              {.name = "first", .elements = 1, .forward_seconds = 1, .backward_seconds = 2},
              {.name = "last", .elements = 3, .forward_seconds = 1, .backward_seconds = 2},
          }};
}

TEST(ModelWork, takes_its_passes_where_links_are_fast) {
  EXPECT_DOUBLE_EQ(two_layers().least_step_seconds(1, 0), 6);
  EXPECT_DOUBLE_EQ(two_layers().least_step_seconds(0.5, 0), 3);
}

TEST(ModelWork, ends_with_the_gradients_that_leave_last) {
  // The last layer's take 1.5 s behind its pass; the first one's follow their own.
  EXPECT_DOUBLE_EQ(two_layers().least_step_seconds(1, 2), 6.5);
}

TEST(ModelWork, cannot_send_before_the_first_backward_pass_has_ended) {
  EXPECT_DOUBLE_EQ(two_layers().least_step_seconds(1, 100), 104);
}

TEST(ModelWork, keeps_its_links_busy_where_a_large_layer_comes_late) {
  ModelWork model = two_layers();
  model.layers.back().elements = 0;

  EXPECT_DOUBLE_EQ(model.least_step_seconds(1, 2), 8);
}

}  // namespace
}  // namespace rondo::test
