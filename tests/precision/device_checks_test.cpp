// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What the GPU's side of precision decides without a GPU.
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/precision/device_pieces.hpp"

#include "precision/kernels/verdict.hpp"

namespace rondo::precision {
namespace {

TEST(DevicePieces, need_an_arena_up_to_their_last_end) {
  EXPECT_EQ(elements_of({}), 0U);
  const std::vector<DevicePiece> pieces{{.begin = 2048, .count = 7}, {.begin = 16, .count = 1024}};
  EXPECT_EQ(elements_of(pieces), 2055U);
}

TEST(DevicePieces, have_1024_elements_at_the_most) {
  EXPECT_THROW(elements_of(std::vector<DevicePiece>{{.begin = 0, .count = 1025}}), UsageError);
  EXPECT_THROW(elements_of(std::vector<DevicePiece>{{.count = 1, .parameter = 1},
                                                    {.count = 1, .parameter = 0}}),
               UsageError);
}

TEST(GradientVerdict, divides_and_clips_in_double_precision) {
  const GradientVerdict free = judge(36.0, {.divisor = 3});
  EXPECT_EQ(free.norm, 2.0);
  EXPECT_EQ(free.scale, static_cast<float>(1.0 / 3.0));
  EXPECT_EQ(free.finite, 1U);

  const GradientVerdict clipped = judge(36.0, {.divisor = 3, .clip_norm = 0.5});
  EXPECT_EQ(clipped.scale, static_cast<float>(0.25 / 3.0));
}

TEST(GradientVerdict, refuses_what_is_not_finite) {
  for (const double bad :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    EXPECT_EQ(judge(bad, {.divisor = 3, .clip_norm = 1}).finite, 0U);
}

}  // namespace
}  // namespace rondo::precision
