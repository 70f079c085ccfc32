// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "job/shares.hpp"

#include <numeric>

#include <gmock/gmock.h>

#include "job/synthetic_machine.hpp"

namespace rondo::job {
namespace {

using test::synthetic;
using testing::ElementsAre;
using testing::IsEmpty;

using Shares = std::vector<Processors>;

/// The processors from `first` to `last`.
Processors from_to(int first, int last) {
  Processors all(static_cast<std::size_t>(last - first + 1));
  std::iota(all.begin(), all.end(), first);
  return all;
}

/// Whether a core of `domains` is divided between two shares.
bool divides_a_core(const Domains& domains, const Shares& shares) {
  for (const Domain& domain : domains)
    for (const Processors& core : domain) {
      int owners = 0;
      for (const Processors& share : shares)
        owners += !restrict_to({{core}}, share).empty();
      if (owners > 1) return true;
    }
  return false;
}

TEST(SyntheticMachine, has_domains_of_cores_of_threads) {
  EXPECT_THAT(synthetic("numa:2 core:2 pu:2"),
              ElementsAre(Domain{{0, 1}, {2, 3}}, Domain{{4, 5}, {6, 7}}));
  EXPECT_THAT(synthetic("core:2 pu:1"), ElementsAre(Domain{{0}, {1}}));
}

TEST(SyntheticMachine, without_cores_takes_every_processor_for_one) {
  EXPECT_THAT(synthetic("numa:2 pu:2"), ElementsAre(Domain{{0}, {1}}, Domain{{2}, {3}}));
}

TEST(Shares, are_whole_domains_where_there_is_one_for_every_rank) {
  const Domains machine = synthetic("numa:4 core:4 pu:2");

  for (const Bind bind : {Bind::automatic, Bind::numa}) {
    EXPECT_THAT(share_out(machine, bind, 1), ElementsAre(from_to(0, 31)));
    EXPECT_THAT(share_out(machine, bind, 2), ElementsAre(from_to(0, 15), from_to(16, 31)));
    EXPECT_THAT(share_out(machine, bind, 3),
                ElementsAre(from_to(0, 7), from_to(8, 15), from_to(16, 31)));
    EXPECT_THAT(share_out(machine, bind, 4),
                ElementsAre(from_to(0, 7), from_to(8, 15), from_to(16, 23), from_to(24, 31)));
  }
}

TEST(Shares, are_equal_runs_of_cores_in_a_domain_where_there_are_more_ranks) {
  const Domains machine = synthetic("numa:2 core:4 pu:2");

  for (const Bind bind : {Bind::automatic, Bind::core}) {
    EXPECT_THAT(share_out(machine, bind, 2), ElementsAre(from_to(0, 7), from_to(8, 15)));
    EXPECT_THAT(share_out(machine, bind, 3),
                ElementsAre(from_to(0, 3), from_to(4, 7), from_to(8, 15)));
    EXPECT_THAT(share_out(machine, bind, 4),
                ElementsAre(from_to(0, 3), from_to(4, 7), from_to(8, 11), from_to(12, 15)));
    EXPECT_THAT(share_out(machine, bind, 8),
                ElementsAre(from_to(0, 1), from_to(2, 3), from_to(4, 5), from_to(6, 7),
                            from_to(8, 9), from_to(10, 11), from_to(12, 13), from_to(14, 15)));
  }
}

TEST(Shares, of_numa_are_domains_that_ranks_have_in_common) {
  const Domains machine = synthetic("numa:2 core:4 pu:2");

  EXPECT_THAT(share_out(machine, Bind::numa, 3),
              ElementsAre(from_to(0, 7), from_to(0, 7), from_to(8, 15)));
  EXPECT_THAT(share_out(machine, Bind::numa, 4),
              ElementsAre(from_to(0, 7), from_to(0, 7), from_to(8, 15), from_to(8, 15)));
}

TEST(Shares, divide_no_core_while_there_are_enough) {
  const Domains machine = synthetic("numa:2 core:5 pu:2");

  for (int ranks = 1; ranks <= 10; ++ranks) {
    const Shares shares = share_out(machine, Bind::automatic, ranks);
    EXPECT_EQ(shares.size(), static_cast<std::size_t>(ranks));
    EXPECT_FALSE(divides_a_core(machine, shares)) << ranks << " ranks";
  }
}

TEST(Shares, are_single_threads_where_cores_do_not_suffice) {
  const Domains machine = synthetic("numa:1 core:2 pu:2");

  EXPECT_THAT(share_out(machine, Bind::automatic, 3),
              ElementsAre(ElementsAre(0), ElementsAre(1), from_to(2, 3)));
  EXPECT_THAT(share_out(machine, Bind::core, 4),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2), ElementsAre(3)));
  EXPECT_THAT(share_out(machine, Bind::core, 5), IsEmpty());
  EXPECT_THAT(share_out(machine, Bind::automatic, 5), IsEmpty());
}

TEST(Shares, stay_within_what_is_allowed) {
  const Domains machine = synthetic("numa:2 core:4 pu:2");

  const Domains one_domain = restrict_to(machine, from_to(8, 15));
  EXPECT_THAT(share_out(one_domain, Bind::automatic, 2),
              ElementsAre(from_to(8, 11), from_to(12, 15)));

  const Domains first_threads = restrict_to(machine, {0, 2, 4, 6, 8, 10, 12, 14});
  EXPECT_THAT(
      share_out(first_threads, Bind::automatic, 4),
      ElementsAre(ElementsAre(0, 2), ElementsAre(4, 6), ElementsAre(8, 10), ElementsAre(12, 14)));

  EXPECT_THAT(share_out(restrict_to(machine, {}), Bind::automatic, 1), IsEmpty());
}

TEST(Shares, leave_a_domain_of_which_little_is_allowed) {
  const Domains rest = restrict_to(synthetic("numa:2 core:8 pu:1"), from_to(7, 15));

  EXPECT_THAT(share_out(rest, Bind::automatic, 2), ElementsAre(from_to(8, 11), from_to(12, 15)));
  EXPECT_THAT(share_out(rest, Bind::numa, 2), ElementsAre(from_to(7, 7), from_to(8, 15)));
}

TEST(Shares, are_described_by_what_they_are_made_of) {
  const Domains machine = synthetic("numa:2 core:2 pu:2");

  EXPECT_EQ(describe(machine, from_to(0, 7)), "not bound");
  EXPECT_EQ(describe(machine, from_to(4, 7)), "bound to NUMA domains");
  EXPECT_EQ(describe(machine, from_to(2, 5)), "bound to cores");
  EXPECT_EQ(describe(machine, from_to(0, 0)), "bound to hardware threads");
}

}  // namespace
}  // namespace rondo::job
