// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "rondo/base/error.hpp"

#include "scale/machine.hpp"
#include "scale/options.hpp"

namespace rondo::test {
namespace {

using scale::make_plan;
using scale::make_rehearsal;
using scale::RankPlace;
using scale::ScaleOptions;
using testing::ElementsAre;
using testing::HasSubstr;

template <class F>
ExitCode code_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ExitCode::ok;
}

TEST(ScaleOptions, double_up_to_the_whole_job) {
  EXPECT_THAT(make_plan({}, 1).ranks, ElementsAre(1));
  EXPECT_THAT(make_plan({}, 6).ranks, ElementsAre(1, 2, 4, 6));
  EXPECT_THAT(make_plan({.ranks = "2,3"}, 4).ranks, ElementsAre(2, 3));
}

TEST(ScaleOptions, refuse_texts_that_are_no_rank_counts) {
  for (const char* text : {"1,x", "1,,2", "0,1", "2,1", "1,1", "1,2,"})
    EXPECT_EQ(code_of([&] { make_plan({.ranks = text}, 4); }), ExitCode::usage) << text;
}

TEST(ScaleOptions, refuse_ranks_that_are_not_in_the_job) {
  EXPECT_EQ(code_of([] { make_plan({.ranks = "1,8"}, 4); }), ExitCode::configuration);
}

TEST(ScaleOptions, refuse_lanes_that_cannot_be_dealt) {
  ScaleOptions options{.mode = scale::Mode::strong, .compute = scale::Compute::real};
  options.real.lanes = 4;

  EXPECT_EQ(code_of([&] { make_plan(options, 4); }), ExitCode::ok);
  EXPECT_EQ(code_of([&] { make_plan(options, 3); }), ExitCode::configuration);
}

TEST(ScaleOptions, read_a_straggler) {
  const auto rehearsal = make_rehearsal({.straggler = "1:1.5"}, 2);

  EXPECT_EQ(rehearsal.straggler, 1);
  EXPECT_EQ(rehearsal.straggler_factor, 1.5);
  for (const char* text : {"1", "1:", ":2", "1:0", "x:2", "-1:2"})
    EXPECT_EQ(code_of([&] { make_rehearsal({.straggler = text}, 2); }), ExitCode::usage) << text;
  EXPECT_EQ(code_of([] { make_rehearsal({.straggler = "2:2"}, 2); }), ExitCode::configuration);
}

std::vector<RankPlace> places(std::vector<std::vector<int>> cpus) {
  std::vector<RankPlace> all;
  for (const auto& own : cpus)
    all.push_back({.host = "h", .machine = "m", .processor = "p", .cpus = own});
  return all;
}

TEST(Machine, is_oversubscribed_where_threads_share_processors) {
  EXPECT_EQ(oversubscription(places({{0, 1}, {0, 1}}), 2, 1), "");
  EXPECT_EQ(oversubscription(places({{0}, {1}}), 2, 1), "");
  EXPECT_EQ(oversubscription(places({{0}, {0}}), 2, 1), "2 threads share 1 CPUs");
  EXPECT_EQ(oversubscription(places({{0}, {0}}), 1, 1), "");
  EXPECT_EQ(oversubscription(places({{0, 1}, {0, 1}}), 2, 2), "4 threads share 2 CPUs");
}

TEST(Machine, counts_processors_of_virtual_hosts_once) {
  auto all = places({{0}, {0}});
  all[1].host = "other";

  EXPECT_NE(oversubscription(all, 2, 1), "");
  EXPECT_EQ(machine_count(all), 1U);
  all[1].machine = "another";
  EXPECT_EQ(oversubscription(all, 2, 1), "");
  EXPECT_EQ(machine_count(all), 2U);
}

TEST(Machine, is_crowded_where_ranks_keep_its_processors_busy) {
  const auto all = places({{0, 1}, {0, 1}, {0, 1}, {0, 1}});

  EXPECT_EQ(crowding(all, std::vector{0.3, 0.3, 0.3, 0.3}), "");
  EXPECT_EQ(crowding(all, std::vector{0.5, 0.5, 0.5, 0.5}), "they kept 2.0 of 2 CPUs busy");
  EXPECT_EQ(crowding(all, std::vector{0.7, 0.7}), "");
}

TEST(Machine, refuses_mixed_hosts) {
  auto all = places({{0}, {0}});
  EXPECT_NO_THROW(require_equal_machines(all));
  all[1].processor = "q";

  EXPECT_EQ(code_of([&] { require_equal_machines(all); }), ExitCode::configuration);
}

}  // namespace
}  // namespace rondo::test
