// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "apps/scale_sample_figures.hpp"
#include "scale/figures.hpp"

namespace rondo::test {
namespace {

using namespace scale;
using testing::HasSubstr;

TEST(ScaleFigures, are_against_one_rank_in_weak_scaling) {
  const Figures figures = sample_figures(Mode::weak, {{}, {.link_bytes_per_second = 500}});

  const CountFigures& two = figures.counts[1];
  EXPECT_DOUBLE_EQ(two.efficiency.median, 0.8);
  EXPECT_DOUBLE_EQ(two.ideal_seconds, 1);
  EXPECT_DOUBLE_EQ(two.bound_seconds, 1.1);
  EXPECT_DOUBLE_EQ(two.of_bound, 1.1 / 1.25);
  EXPECT_DOUBLE_EQ(two.link_seconds, 2);
  EXPECT_DOUBLE_EQ(two.limit_efficiency, 0.5);
  EXPECT_NEAR(two.lost.sum(), 0.2, 1e-9);
}

TEST(ScaleFigures, are_against_a_share_of_it_in_strong_scaling) {
  const Figures figures = sample_figures(Mode::strong, {{}, {.link_bytes_per_second = 500}});

  EXPECT_DOUBLE_EQ(figures.counts[1].efficiency.median, 0.4);
  EXPECT_DOUBLE_EQ(figures.counts[1].ideal_seconds, 0.5);
}

TEST(ScaleFigures, show_the_error_of_what_was_predicted) {
  const Figures figures =
      sample_figures(Mode::weak, {{}, {.prediction = Prediction{.step_seconds = 1.5}}});

  EXPECT_DOUBLE_EQ(figures.counts[1].setting.prediction->error, 0.2);
}

TEST(ScaleFigures, have_no_efficiency_where_ranks_share_processors) {
  const Figures figures =
      sample_figures(Mode::weak, {{}, {.oversubscription = "2 threads share 1 CPUs"}});

  const auto json = to_json(figures);
  EXPECT_TRUE(json["counts"][1]["efficiency"].is_null());
  EXPECT_FALSE(json["counts"][1]["scaling"].get<bool>());
  EXPECT_TRUE(json["counts"][0]["scaling"].get<bool>());
  EXPECT_THAT(to_table(figures),
              HasSubstr("2 ranks are no measurement of scaling: 2 threads share 1 CPUs"));
  EXPECT_THAT(to_csv(figures), HasSubstr("2,2,false,1.25,1.25,1.25,,,,"));
}

TEST(ScaleFigures, name_a_link_with_less_than_half_of_the_usual_speed) {
  const std::vector<HostLink> links{{"h1", 100e6}, {"h2", 120e6}, {"h3", 12e6}};
  const Figures figures = sample_figures(Mode::weak, {{}, {.links = links}});

  EXPECT_EQ(to_json(figures)["counts"][1]["slow_link"], "h3");
  EXPECT_TRUE(to_json(figures)["counts"][0]["slow_link"].is_null());
  EXPECT_THAT(to_table(figures),
              HasSubstr("2 ranks wait for the link of h3: it carries 12 MB/s, where 100 MB/s are "
                        "usual"));
  EXPECT_FALSE(find_slow_link(std::vector<HostLink>{{"h1", 100}, {"h2", 50}, {"h3", 100}}));
  EXPECT_FALSE(find_slow_link(std::vector<HostLink>{{"h1", 100}, {"h2", 10}}));
}

TEST(ScaleFigures, are_at_full_precision_in_json) {
  Figures figures = sample_figures(Mode::weak, {{}, {}});
  figures.counts[1].step.median = 0.1 + 0.2;

  const auto json = nlohmann::json::parse(to_json(figures).dump());

  EXPECT_EQ(json["counts"][1]["step_seconds"]["median"].get<double>(), 0.1 + 0.2);
  EXPECT_EQ(json["format"], "rondo-scale");
}

}  // namespace
}  // namespace rondo::test
