// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/curve_svg.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>

namespace rondo::telemetry {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CurveSvg, shows_titles_labels_and_last_values) {
  const std::vector<CurvePoint> loss{{1, 2.0}, {2, 1.0}, {3, 0.5}};
  const std::vector<CurvePoint> accuracy{{1, 0.93}, {3, 0.921}};

  const std::string svg =
      curve_svg({.title = "a < b & c", .x_label = "step", .loss = loss, .accuracy = accuracy});

  EXPECT_THAT(svg, testing::StartsWith("<svg "));
  EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("a &lt; b &amp; c"));
  EXPECT_THAT(svg, HasSubstr("training loss, last 0.500"));
  EXPECT_THAT(svg, HasSubstr("test accuracy, last 92.10 %, best 93.00 %"));
  EXPECT_THAT(svg, HasSubstr("92.0%"));
}

TEST(CurveSvg, says_so_when_there_is_nothing_to_show) {
  EXPECT_THAT(curve_svg({}), HasSubstr("no data yet"));
}

TEST(CurveSvg, leaves_out_what_is_not_finite) {
  const std::vector<CurvePoint> loss{
      {1, 2.0}, {2, std::numeric_limits<double>::quiet_NaN()}, {3, INFINITY}, {4, 1.0}};

  const std::string svg = curve_svg({.title = "t", .loss = loss});

  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(CurveSvg, stays_small_for_long_runs) {
  std::vector<CurvePoint> loss;
  for (int step = 1; step <= 1'000'000; ++step)
    loss.push_back({static_cast<double>(step), 1000.0 / step});

  EXPECT_LT(curve_svg({.title = "t", .loss = loss}).size(), 40'000U);
}

}  // namespace
}  // namespace rondo::telemetry
