// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/axis.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace rondo::telemetry {
namespace {

using testing::ElementsAre;

std::vector<std::string> labels(double low, double high) {
  const Axis axis = make_axis(low, high, 6);
  std::vector<std::string> result;
  for (const double tick : axis.ticks)
    result.push_back(axis.label(tick));
  return result;
}

TEST(Axis, has_ticks_at_round_numbers) {
  EXPECT_THAT(labels(0, 2.4), ElementsAre("0.0", "0.5", "1.0", "1.5", "2.0", "2.5"));
  EXPECT_THAT(labels(86.2, 92.3), ElementsAre("86", "88", "90", "92", "94"));
  EXPECT_THAT(labels(0, 0.01), ElementsAre("0.000", "0.002", "0.004", "0.006", "0.008", "0.010"));
  EXPECT_THAT(labels(0, 4000), ElementsAre("0", "1000", "2000", "3000", "4000"));
}

TEST(Axis, covers_a_single_value) {
  for (const double value : {0.0, 91.5, -3.0, 1e-9}) {
    const Axis axis = make_axis(value, value, 6);
    EXPECT_LT(axis.low, value);
    EXPECT_GT(axis.high, value);
    EXPECT_GE(axis.ticks.size(), 2U);
  }
}

}  // namespace
}  // namespace rondo::telemetry
