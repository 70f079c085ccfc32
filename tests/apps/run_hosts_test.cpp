// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include <gmock/gmock.h>

#include "rondo/base/error.hpp"

#include "job/fake_program.hpp"
#include "run/hosts.hpp"

namespace rondo::apps {
namespace {

using testing::ElementsAre;

using Hosts = std::vector<Host>;

class RunHosts : public testing::Test {
 protected:
  void SetUp() override { clear(); }
  void TearDown() override { clear(); }
  static void clear() {
    for (const char* name : {"SLURM_JOB_ID", "SLURM_JOB_NODELIST"})
      ::unsetenv(name);
  }
};

TEST_F(RunHosts, share_the_ranks_unless_they_say_how_many) {
  EXPECT_EQ(parse_hosts("a,b", 4), (Hosts{{"a", 2}, {"b", 2}}));
  EXPECT_EQ(parse_hosts("a,b:7", 5), (Hosts{{"a", 3}, {"b", 7}}));
  EXPECT_EQ(to_text(parse_hosts("a,b:7", 5)), "a:3,b:7");
}

TEST_F(RunHosts, that_are_no_names_are_refused) {
  for (const char* text : {"a,,b", "a:", "a:0", "a:-1", "a:2x", ":2", "-oProxyCommand=x"})
    EXPECT_THROW(parse_hosts(text, 2), Error) << text;
}

TEST_F(RunHosts, come_from_the_slurm_job_if_none_are_given) {
  const test::FakeProgram scontrol("scontrol", "printf 'n1\\nn2\\n'; [ \"$3\" = 'n[1-2]' ]");
  const RunOptions options{.ranks = 4};
  EXPECT_EQ(hosts_of_run(options), Hosts{});

  ::setenv("SLURM_JOB_NODELIST", "n[1-2]", 1);
  EXPECT_EQ(hosts_of_run(options), (Hosts{{"n1", 2}, {"n2", 2}}));

  EXPECT_EQ(hosts_of_run({.ranks = 4, .hosts = "a"}), (Hosts{{"a", 4}}));
}

TEST_F(RunHosts, that_do_not_answer_are_left_out) {
  const test::FakeProgram probe("probe-host", "[ \"$*\" = 'quickly a true' ]");
  const RunOptions options{.probe = "probe-host quickly"};

  EXPECT_EQ(answering({{"a", 2}, {"localhost", 2}}, options), (Hosts{{"a", 2}}));
}

TEST_F(RunHosts, are_asked_by_ssh_except_for_this_one) {
  const test::FakeProgram ssh("ssh", "[ \"$5 $6\" = 'a true' ]");

  EXPECT_EQ(answering({{"a", 1}, {"b", 1}, {"localhost", 1}}, {}),
            (Hosts{{"a", 1}, {"localhost", 1}}));
}

TEST_F(RunHosts, are_asked_by_srun_in_a_slurm_job) {
  const test::FakeProgram srun("srun", "[ \"$6 $7\" = 'a true' ]");
  ::setenv("SLURM_JOB_ID", "417", 1);

  EXPECT_EQ(answering({{"a", 1}, {"b", 1}}, {}), (Hosts{{"a", 1}}));
}

TEST_F(RunHosts, can_be_taken_from_others) {
  EXPECT_EQ(without({{"a", 2}, {"b", 2}, {"c", 1}}, {{"c", 1}, {"a", 2}}), (Hosts{{"b", 2}}));
}

TEST(Placement, fills_the_hosts_up_to_the_wanted_ranks) {
  EXPECT_EQ(place({{"a", 2}, {"b", 2}}, 3, 3)->ranks, 3);
  EXPECT_EQ(place({{"a", 2}, {"b", 2}}, 8, 1)->ranks, 4);
}

TEST(Placement, is_none_below_the_least_ranks) {
  EXPECT_EQ(place({{"a", 2}}, 4, 3), std::nullopt);
  EXPECT_EQ(place({{"a", 2}}, 4, 2)->ranks, 2);
  EXPECT_EQ(place({}, 4, 1), std::nullopt);
}

}  // namespace
}  // namespace rondo::apps
