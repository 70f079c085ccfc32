// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Two ranks of a real program, started in all the ways in which they may be bound.

#include <cstddef>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sched.h>

#include "support/run_program.hpp"

namespace rondo::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct RankPlace {
  std::string processors;
  std::string of_thread;
  std::string text;
};

struct Start {
  std::string prefix = {};  ///< of mpirun
  std::string flags = "--bind-to none";
  std::string wrapper = {};  ///< of the program
  std::string options = {};
};

ProgramResult run(int ranks, const Start& start) {
  return run_program(fmt::format(
      "env -u OMP_PROC_BIND -u OMP_PLACES -u GOMP_CPU_AFFINITY -u RONDO_BIND {} {} {}",
      start.prefix,
      mpirun(ranks, fmt::format("{} {} {}", start.flags, start.wrapper, RONDO_BOUND_PROGRAM)),
      start.options));
}

/// Where the ranks say they are.
std::map<int, RankPlace> places(int ranks, const Start& start) {
  const ProgramResult result = run(ranks, start);
  std::map<int, RankPlace> found;
  const std::regex pattern("rank (\\d+) on (\\S+), its thread on (\\S+): (.*)");
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, pattern))
      found[std::stoi(match[1])] = {match[2], match[3], match[4]};
  }
  EXPECT_EQ(found.size(), static_cast<std::size_t>(ranks)) << result.out << result.err;
  return found;
}

/// Those that this test may use.
std::vector<int> processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof(allowed), &allowed);
  std::vector<int> numbers;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor)
    if (CPU_ISSET(processor, &allowed)) numbers.push_back(processor);
  return numbers;
}

class Binding : public testing::Test {
 protected:
  void SetUp() override {
    if (processors().size() < 2) GTEST_SKIP() << "this machine has one processor for two ranks";
  }
};

TEST_F(Binding, gives_ranks_and_their_threads_processors_of_their_own) {
  auto found = places(2, {});

  EXPECT_NE(found[0].processors, found[1].processors);
  for (const int rank : {0, 1}) {
    EXPECT_EQ(found[rank].of_thread, found[rank].processors);
    EXPECT_THAT(found[rank].text, StartsWith("bound to "));
  }
}

TEST_F(Binding, asks_the_other_ranks_where_the_launcher_does_not_tell_how_many_there_are) {
  auto found = places(2, {.wrapper = "env -u OMPI_COMM_WORLD_LOCAL_SIZE"});

  EXPECT_NE(found[0].processors, found[1].processors);
  EXPECT_EQ(found[1].of_thread, found[1].processors);
}

TEST_F(Binding, leaves_ranks_as_the_launcher_has_bound_them) {
  auto found = places(2, {.flags = "--bind-to hwthread"});

  EXPECT_NE(found[0].processors, found[1].processors);
  EXPECT_THAT(found[0].text, HasSubstr(" by the launcher"));
}

TEST_F(Binding, leaves_ranks_that_the_launcher_has_put_together) {
  const std::string on_the_first_or_second = fmt::format(
      "sh -c 'exec taskset --cpu-list $((OMPI_COMM_WORLD_RANK < 2 ? {} : {})) \"$0\" \"$@\"'",
      processors()[0], processors()[1]);
  auto found = places(3, {.wrapper = on_the_first_or_second});

  EXPECT_EQ(found[0].processors, found[1].processors);
  EXPECT_NE(found[0].processors, found[2].processors);
  EXPECT_THAT(found[0].text, HasSubstr(" by the launcher"));
}

TEST_F(Binding, leaves_ranks_alone_if_told_so) {
  auto by_option = places(2, {.options = "--bind none"});
  auto by_variable = places(2, {.prefix = "RONDO_BIND=none"});

  EXPECT_EQ(by_option[0].processors, by_option[1].processors);
  EXPECT_EQ(by_variable[0].processors, by_variable[1].processors);
}

TEST_F(Binding, leaves_threads_to_openmp) {
  auto found = places(2, {.prefix = "OMP_PROC_BIND=close"});

  EXPECT_EQ(found[0].processors, found[1].processors);
  EXPECT_EQ(found[0].text, "bound by OpenMP (OMP_PROC_BIND=close)");
}

TEST(BindingTo, one_processor_by_taskset_is_respected_and_no_binding_of_two_ranks) {
  const std::string one = std::to_string(processors().front());
  const std::string taskset = "taskset --cpu-list " + one;

  auto found = places(2, {.prefix = taskset});
  EXPECT_EQ(found[0].processors, one);
  EXPECT_EQ(found[1].processors, one);
  EXPECT_EQ(found[0].text, "not bound: 2 ranks on 1 core");

  const ProgramResult refused = run(2, {.prefix = taskset, .options = "--bind core"});
  EXPECT_EQ(refused.code, 78);
  EXPECT_THAT(refused.err, HasSubstr("--bind core cannot be had: 2 ranks on 1 core"));
}

}  // namespace
}  // namespace rondo::test
