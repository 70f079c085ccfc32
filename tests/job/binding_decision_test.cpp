// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "job/binding_decision.hpp"

#include <gmock/gmock.h>

#include "rondo/base/error.hpp"

namespace rondo::job {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Two domains of two cores.
Machine unbound() {
  return {.domains = {{{0}, {1}}, {{2}, {3}}}, .own = {0, 1, 2, 3}};
}

Machine bound_to(const Processors& own) {
  Machine machine = unbound();
  machine.own = own;
  return machine;
}

Launch local(int rank, int count) {
  return {.launcher = Launcher::mpirun,
          .rank = rank,
          .size = count,
          .local_rank = rank,
          .local_size = count};
}

TEST(BindingDecision, is_taken_by_the_launch_where_nobody_has_bound_anything) {
  const auto second_of_two = decide_by_launch(Bind::automatic, local(1, 2), unbound());
  ASSERT_TRUE(second_of_two);
  EXPECT_THAT(second_of_two->processors, ElementsAre(2, 3));
  EXPECT_EQ(second_of_two->text, "bound to NUMA domains");

  const auto last_of_four = decide_by_launch(Bind::automatic, local(3, 4), unbound());
  ASSERT_TRUE(last_of_four);
  EXPECT_THAT(last_of_four->processors, ElementsAre(3));
  EXPECT_EQ(last_of_four->text, "bound to cores");
}

TEST(BindingDecision, waits_for_the_others_where_the_launch_does_not_tell) {
  EXPECT_FALSE(decide_by_launch(Bind::automatic, {}, unbound()));
  EXPECT_FALSE(decide_by_launch(Bind::automatic, local(0, 0), unbound()));
  EXPECT_FALSE(decide_by_launch(Bind::automatic, local(0, 2), bound_to({0, 1})));
}

TEST(BindingDecision, leaves_alone_whom_the_launcher_has_bound) {
  const Sharers alone{.rank = 0, .count = 1, .all_ranks = false};
  const Sharers in_pairs{.rank = 1, .count = 2, .all_ranks = false};

  const Decision of_one = decide_beside(Bind::automatic, alone, bound_to({2}));
  EXPECT_THAT(of_one.processors, IsEmpty());
  EXPECT_EQ(of_one.text, "bound to cores by the launcher");

  const Decision of_two = decide_beside(Bind::automatic, in_pairs, bound_to({2, 3}));
  EXPECT_THAT(of_two.processors, IsEmpty());
  EXPECT_EQ(of_two.text, "bound to NUMA domains by the launcher");
}

TEST(BindingDecision, shares_what_all_ranks_were_confined_to) {
  const Sharers all{.rank = 1, .count = 2};

  EXPECT_THAT(decide_beside(Bind::automatic, all, bound_to({0, 1})).processors, ElementsAre(1));
  EXPECT_THAT(decide_beside(Bind::automatic, all, bound_to({1, 2})).processors, ElementsAre(2));
}

TEST(BindingDecision, divides_what_the_launcher_gave_several_where_that_is_asked_for) {
  const Sharers in_pairs{.rank = 1, .count = 2, .all_ranks = false};

  EXPECT_THAT(decide_beside(Bind::core, in_pairs, bound_to({2, 3})).processors, ElementsAre(3));
}

TEST(BindingDecision, leaves_the_only_rank_of_a_machine_alone) {
  const auto decision = decide_by_launch(Bind::automatic, local(0, 1), unbound());

  ASSERT_TRUE(decision);
  EXPECT_THAT(decision->processors, IsEmpty());
  EXPECT_EQ(decision->text, "not bound: the only rank of its machine");
}

TEST(BindingDecision, leaves_more_ranks_than_cores_alone_unless_asked) {
  const auto decision = decide_by_launch(Bind::automatic, local(4, 5), unbound());
  ASSERT_TRUE(decision);
  EXPECT_THAT(decision->processors, IsEmpty());
  EXPECT_EQ(decision->text, "not bound: 5 ranks on 4 cores");

  EXPECT_THAT(decide_by_launch(Bind::numa, local(4, 5), unbound())->processors, ElementsAre(2, 3));
  try {
    decide_by_launch(Bind::core, local(4, 5), unbound());
    FAIL() << "an error was due";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--bind core cannot be had: 5 ranks on 4 cores"));
  }
}

TEST(BindingDecision, leaves_threads_to_openmp_where_that_binds) {
  Machine machine = bound_to({0});
  machine.openmp = "OMP_PROC_BIND=close";

  const auto decision = decide_by_launch(Bind::automatic, local(1, 2), machine);
  ASSERT_TRUE(decision);
  EXPECT_THAT(decision->processors, IsEmpty());
  EXPECT_EQ(decision->text, "bound by OpenMP (OMP_PROC_BIND=close)");
  EXPECT_THROW(decide_by_launch(Bind::core, local(1, 2), machine), ConfigError);
}

TEST(BindingDecision, is_to_change_nothing_where_that_is_asked_for) {
  const auto free = decide_by_launch(Bind::none, local(1, 2), unbound());
  const auto bound = decide_by_launch(Bind::none, local(1, 2), bound_to({1}));

  ASSERT_TRUE(free && bound);
  EXPECT_THAT(free->processors, IsEmpty());
  EXPECT_EQ(free->text, "not bound");
  EXPECT_EQ(bound->text, "bound to cores by the launcher");
}

}  // namespace
}  // namespace rondo::job
