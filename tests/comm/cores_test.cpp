// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/cores.hpp"

#include <cstddef>
#include <initializer_list>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace rondo::comm {
namespace {

CoreSet cores(std::initializer_list<std::size_t> numbers) {
  CoreSet set;
  for (const std::size_t number : numbers)
    set.set(number);
  return set;
}

bool crowded(const std::vector<CoreSet>& ranks) {
  return is_crowded(ranks);
}

TEST(OwnCores, are_those_that_the_thread_is_bound_to) {
  std::size_t core = 0;
  while (!own_cores()[core])
    ++core;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(core, &mask);

  std::thread([&] {
    ASSERT_EQ(sched_setaffinity(0, sizeof(mask), &mask), 0);
    EXPECT_EQ(own_cores(), cores({core}));
  }).join();
}

TEST(Crowded, unbound_ranks_share_what_the_job_may_use) {
  const CoreSet job = cores({4, 5});

  EXPECT_FALSE(crowded({job, job}));
  EXPECT_TRUE(crowded({job, job, job}));
}

TEST(Crowded, ranks_bound_to_a_core_each_are_not) {
  EXPECT_FALSE(crowded({cores({0}), cores({1}), cores({2})}));
}

TEST(Crowded, two_ranks_bound_to_one_core_are_whatever_the_others_have) {
  EXPECT_TRUE(crowded({cores({0}), cores({0}), cores({1, 2, 3})}));
}

TEST(Crowded, ranks_bound_by_sockets_are_counted_by_sockets) {
  const CoreSet left = cores({0, 1});
  const CoreSet right = cores({2, 3});

  EXPECT_FALSE(crowded({left, left, right, right}));
  EXPECT_TRUE(crowded({left, left, left, right}));
}

TEST(Crowded, a_free_rank_makes_room_for_one_that_is_bound) {
  EXPECT_FALSE(crowded({cores({0, 1}), cores({0, 2}), cores({0})}));
  EXPECT_TRUE(crowded({cores({0, 1}), cores({1}), cores({0})}));
}

TEST(Crowded, a_large_machine_is_judged_at_once) {
  EXPECT_FALSE(crowded(std::vector<CoreSet>(256, CoreSet().set())));
}

}  // namespace
}  // namespace rondo::comm
