// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "support/fewer_cases.hpp"

#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace rondo::test {
namespace {

struct Case {
  int ranks;
  std::string optimizer;
  bool sharded;

  friend auto operator<=>(const Case&, const Case&) = default;
};

const std::vector<int> ranks{1, 2, 3, 4, 5};
const std::vector<std::string> optimizers{"sgd", "adamw", "lamb"};

/// All but the sharded ones of lamb.
std::vector<Case> all_cases() {
  std::vector<Case> all;
  for (const int count : ranks)
    for (const std::string& optimizer : optimizers)
      for (const bool sharded : {false, true})
        if (!sharded || optimizer != "lamb") all.push_back({count, optimizer, sharded});
  return all;
}

std::vector<Case> fewer(Keep keep) {
  return fewer_cases(all_cases(), keep, &Case::ranks, &Case::optimizer, &Case::sharded);
}

template <class First, class Second>
std::set<std::pair<First, Second>> pairs_of(const std::vector<Case>& cases, First Case::*first,
                                            Second Case::*second) {
  std::set<std::pair<First, Second>> pairs;
  for (const Case& one : cases)
    pairs.emplace(one.*first, one.*second);
  return pairs;
}

TEST(FewerCases, keep_every_pair_that_there_is) {
  const auto chosen = fewer(Keep::pairs);

  const auto expect_all = [&](auto first, auto second) {
    EXPECT_EQ(pairs_of(chosen, first, second), pairs_of(all_cases(), first, second));
  };
  expect_all(&Case::ranks, &Case::optimizer);
  expect_all(&Case::ranks, &Case::sharded);
  expect_all(&Case::optimizer, &Case::sharded);
  EXPECT_LT(chosen.size(), 20U) << "of 25; 15 have every number of ranks and every optimizer";
}

TEST(FewerCases, keep_every_value) {
  const auto chosen = fewer(Keep::values);

  EXPECT_EQ(pairs_of(chosen, &Case::ranks, &Case::ranks).size(), ranks.size());
  EXPECT_EQ(pairs_of(chosen, &Case::optimizer, &Case::sharded).size(), 3U);
  EXPECT_EQ(chosen.size(), ranks.size());
}

TEST(FewerCases, are_some_of_all_in_the_same_order) {
  const auto all = all_cases();
  for (const Keep keep : {Keep::values, Keep::pairs}) {
    const auto chosen = fewer(keep);
    EXPECT_TRUE(std::ranges::is_sorted(
        chosen, {}, [&](const Case& one) { return std::ranges::find(all, one) - all.begin(); }));
    EXPECT_TRUE(std::ranges::all_of(
        chosen, [&](const Case& one) { return std::ranges::count(all, one) == 1; }));
  }
}

TEST(FewerCases, are_all_without_a_sanitizer_only) {
  const auto chosen = fewer_if_sanitized(all_cases(), Keep::values, &Case::ranks);

  EXPECT_EQ(chosen.size(), is_sanitized ? ranks.size() : all_cases().size());
}

TEST(FewerCases, of_nothing_are_none) {
  EXPECT_TRUE(fewer_cases(std::vector<Case>{}, Keep::pairs, &Case::ranks).empty());
}

TEST(Combinations, are_all_tuples_or_fewer_under_a_sanitizer) {
  const auto found = combinations(Keep::pairs, ranks, optimizers, std::vector{false, true});

  if (is_sanitized)
    EXPECT_LT(found.size(), 20U);
  else
    EXPECT_EQ(found.size(), 30U);
  EXPECT_EQ(found.front(), std::tuple(1, std::string("sgd"), false));
}

}  // namespace
}  // namespace rondo::test
