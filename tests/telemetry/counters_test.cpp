// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/telemetry/counters.hpp"

#include <gmock/gmock.h>

namespace rondo::telemetry {
namespace {

TEST(Counters, add_up_by_name_in_order_of_appearance) {
  Counters counters;
  counters.add("allreduce", 0.5);
  counters.add("read", 0.25, 10);
  counters.add("allreduce", 1.5);

  const auto entries = counters.entries();

  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "allreduce");
  EXPECT_EQ(entries[0].count, 2U);
  EXPECT_DOUBLE_EQ(entries[0].seconds, 2.0);
  EXPECT_EQ(entries[1].count, 10U);
  EXPECT_THAT(counters.table(),
              testing::ContainsRegex("allreduce +2 times +2.000 s +1000000.0 us each\n"));
}

TEST(ScopedTimer, adds_the_time_of_its_scope) {
  Counters counters;
  const Stopwatch stopwatch;

  { const ScopedTimer timer(counters, "scope"); }

  ASSERT_EQ(counters.entries().size(), 1U);
  EXPECT_EQ(counters.entries()[0].count, 1U);
  EXPECT_GE(counters.entries()[0].seconds, 0);
  EXPECT_LE(counters.entries()[0].seconds, stopwatch.seconds());
}

}  // namespace
}  // namespace rondo::telemetry
