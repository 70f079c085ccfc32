// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "rondo/base/error.hpp"

#include "apps/scale_sample_figures.hpp"
#include "scale/gate.hpp"
#include "scale/report.hpp"
#include "scale/svg.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

using namespace scale;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Figures two_ranks() {
  return sample_figures(
      Mode::weak,
      {{}, {.link_bytes_per_second = 500, .prediction = Prediction{.step_seconds = 1.5}}});
}

TEST(ScaleReport, has_the_numbers_of_the_json) {
  const Figures figures = two_ranks();
  const std::string html = to_html(figures);
  const auto json = nlohmann::json::parse(to_json(figures).dump());

  const std::regex shown("<data value=\"([^\"]*)\" data-figure=\"([^\"]*)\">");
  std::size_t numbers = 0;
  for (std::sregex_iterator it(html.begin(), html.end(), shown), end; it != end; ++it) {
    EXPECT_EQ(std::stod((*it)[1]), json.at(nlohmann::json::json_pointer((*it)[2])).get<double>())
        << (*it)[2];
    ++numbers;
  }
  EXPECT_GT(numbers, 40U);
  EXPECT_THAT(html, HasSubstr("data-figure=\"/counts/1/efficiency/median\">80.0 %</data>"));
}

TEST(ScaleReport, carries_the_json_itself) {
  const Figures figures = two_ranks();
  const std::string html = to_html(figures);

  const std::string tag = "id=\"figures\">";
  const std::size_t begin = html.find(tag) + tag.size();
  const std::string text = html.substr(begin, html.find("</script>", begin) - begin);
  EXPECT_EQ(nlohmann::json::parse(text), nlohmann::json::parse(to_json(figures).dump()));
}

TEST(ScaleReport, needs_nothing_else_and_escapes_what_it_shows) {
  const std::string html = to_html(two_ranks());

  EXPECT_THAT(html, Not(ContainsRegex("(src|href)=\"(http|//)")));
  EXPECT_THAT(html, Not(HasSubstr("a<b>")));
  EXPECT_THAT(html, HasSubstr("a&lt;b&gt;"));
  EXPECT_THAT(html, Not(ContainsRegex("[^a-z]nan|[^a-z]inf[^o]")));
}

TEST(ScaleReport, says_where_ranks_are_no_measurement_of_scaling) {
  const std::string html =
      to_html(sample_figures(Mode::weak, {{}, {.oversubscription = "2 threads share 1 CPUs"}}));

  EXPECT_THAT(html, HasSubstr("2 ranks are no measurement of scaling: 2 threads share 1 CPUs"));
  EXPECT_THAT(html, Not(HasSubstr("/counts/1/efficiency/median")));
}

TEST(ScaleReport, shows_a_single_rank_count_too) {
  Figures figures = two_ranks();
  figures.counts.pop_back();

  EXPECT_THAT(to_html(figures), HasSubstr("</html>"));
}

class Gate : public testing::Test {
 protected:
  std::string write(const std::string& text) {
    const std::string file = (directory_.path() / "before.json").string();
    std::ofstream(file) << text;
    return file;
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(Gate, passes_what_is_as_good_and_fails_what_is_worse) {
  const Figures figures = two_ranks();
  Baseline baseline = read_baseline(write(to_json(figures).dump()));

  EXPECT_TRUE(compare(figures, baseline, 0.95).passed);
  baseline.counts[1].efficiency = 0.85;
  EXPECT_FALSE(compare(figures, baseline, 0.95).passed);
  EXPECT_TRUE(compare(figures, baseline, 0.9).passed);
}

TEST_F(Gate, leaves_out_what_is_no_measurement_of_scaling) {
  const Figures figures = sample_figures(Mode::weak, {{}, {.oversubscription = "few CPUs"}});

  EXPECT_EQ(read_baseline(write(to_json(figures).dump())).counts.size(), 1U);
}

TEST_F(Gate, refuses_what_it_cannot_compare) {
  const Baseline good = read_baseline(write(to_json(two_ranks()).dump()));
  Baseline other = good;
  other.model = "another";
  const Subject subject = two_ranks().subject;

  EXPECT_NO_THROW(require_comparable(subject, std::array{2, 4}, good));
  EXPECT_THROW(require_comparable(subject, std::array{2, 4}, other), ConfigError);
  EXPECT_THROW(require_comparable(subject, std::array{4, 8}, good), ConfigError);
  EXPECT_THROW(read_baseline(write("{\"format\": \"rondo-scale\"}")), IoError);
  EXPECT_THROW(read_baseline(write("no JSON")), IoError);
  Figures worthless = two_ranks();  // any ratio to it would pass
  worthless.counts[1].efficiency.median = 0;
  EXPECT_THROW(read_baseline(write(to_json(worthless).dump())), IoError);
  EXPECT_THROW(read_baseline("/nonexistent/before.json"), IoError);
}

}  // namespace
}  // namespace rondo::test
