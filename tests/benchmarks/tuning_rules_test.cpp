// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/tuning_rules.hpp"

#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rondo::bench {
namespace {

using comm::Algorithm;
using comm::Collective;
using testing::ElementsAre;

constexpr comm::Place place{.size = 6, .nodes = 2, .node_size = 3};

std::vector<comm::TuningRule> rules(const std::vector<TimedAlgorithm>& times) {
  return rules_of(Collective::allreduce, place, times);
}

std::vector<Algorithm> algorithms(const std::vector<comm::TuningRule>& rules) {
  std::vector<Algorithm> result;
  for (const comm::TuningRule& rule : rules)
    result.push_back(rule.algorithm);
  return result;
}

TEST(RulesOf, name_the_fastest_algorithm_of_each_size) {
  const auto found = rules({{100, Algorithm::ring, 2},
                            {100, Algorithm::direct, 1},
                            {10'000, Algorithm::ring, 5},
                            {10'000, Algorithm::direct, 9}});

  EXPECT_THAT(algorithms(found), ElementsAre(Algorithm::direct, Algorithm::ring));
  EXPECT_EQ(found[0].max_bytes, 1000U) << "the geometric mean";
  EXPECT_EQ(found[1].max_bytes, std::numeric_limits<std::size_t>::max());
}

TEST(RulesOf, hold_for_the_place_where_it_was_measured) {
  const auto found = rules({{100, Algorithm::ring, 2}});

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].ranks, (comm::CountRange{6, 6}));
  EXPECT_EQ(found[0].nodes, (comm::CountRange{2, 2}));
}

TEST(RulesOf, merge_sizes_with_one_winner) {
  const auto found =
      rules({{100, Algorithm::ring, 1}, {200, Algorithm::ring, 1}, {400, Algorithm::ring, 1}});

  EXPECT_THAT(algorithms(found), ElementsAre(Algorithm::ring));
}

TEST(RulesOf, keep_the_algorithm_where_another_is_hardly_faster) {
  const auto found = rules({{100, Algorithm::ring, 2},
                            {100, Algorithm::direct, 1},
                            {200, Algorithm::ring, 1},
                            {200, Algorithm::direct, 1.02},
                            {400, Algorithm::ring, 1},
                            {400, Algorithm::direct, 1.04}});

  EXPECT_THAT(algorithms(found), ElementsAre(Algorithm::direct, Algorithm::ring));
  EXPECT_EQ(found[0].max_bytes, 282U);
}

TEST(RulesOf, prefer_the_first_of_the_list_where_it_is_hardly_slower) {
  EXPECT_THAT(algorithms(rules({{100, Algorithm::ring, 1.02}, {100, Algorithm::direct, 1}})),
              ElementsAre(Algorithm::ring));
}

TEST(RulesOf, are_none_without_measurements) {
  EXPECT_TRUE(rules({}).empty());
}

TEST(BestValue, has_the_least_geometric_mean) {
  EXPECT_EQ(best_value(std::vector<std::vector<double>>{{1, 9}, {2, 2}, {3, 3}}, 2), 1U);
}

TEST(BestValue, is_the_preferred_one_unless_another_is_clearly_better) {
  EXPECT_EQ(best_value(std::vector<std::vector<double>>{{1, 1}, {1.02, 1.02}}, 1), 1U);
  EXPECT_EQ(best_value(std::vector<std::vector<double>>{{1, 1}, {1.04, 1.04}}, 1), 0U);
}

}  // namespace
}  // namespace rondo::bench
