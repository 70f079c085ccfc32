// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Runs common_failing_program alone and under mpirun and counts its messages.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <sys/wait.h>

namespace {

using testing::HasSubstr;
using testing::Not;

struct Outcome {
  int code = -1;
  std::string text;
  double seconds = 0;
};

/// Runs a shell command and keeps what it prints on both streams.
Outcome run(const std::string& command) {
  const auto start = std::chrono::steady_clock::now();
  Outcome outcome;
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    outcome.text.append(buffer.data(), count);
  const int status = ::pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

Outcome run_alone(const std::string& arguments) {
  return run(std::string(PROGRAM " ") + arguments);
}
Outcome run_three(const std::string& arguments) {
  return run(std::string(MPIEXEC " -np 3 " PROGRAM " ") + arguments);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

TEST(RunMain, alone_prints_one_plain_line_and_returns_the_code) {
  const Outcome outcome = run_alone("--kind io");

  EXPECT_EQ(outcome.code, 66);
  EXPECT_THAT(outcome.text, HasSubstr("\nerror: cannot read x.h5\n"));
  EXPECT_EQ(count(outcome.text, "error"), 1U) << outcome.text;
}

TEST(RunMain, alone_explains_exceptions_that_are_not_its_own) {
  const Outcome memory = run_alone("--kind memory");
  const Outcome bug = run_alone("--kind bug");

  EXPECT_EQ(memory.code, 70);
  EXPECT_THAT(memory.text, HasSubstr("error: out of memory"));
  EXPECT_EQ(bug.code, 70);
  EXPECT_THAT(bug.text, HasSubstr("error: unreachable (a bug"));
}

TEST(RunMain, alone_says_that_it_is_one_rank) {
  const Outcome outcome = run_alone("");

  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.text, "running as one rank; mpirun -np N starts N of them\ndone\n");
}

TEST(RunMain, takes_a_reader_that_left_quietly_and_a_full_disk_as_an_error) {
  const Outcome full = run("(" PROGRAM " --help >/dev/full)");

  EXPECT_EQ(run("((sleep 0.2; " PROGRAM " --help; echo code $? >&2) | true)").text, "code 0\n");
  EXPECT_EQ(run("(" PROGRAM " --help >&-; echo code $?)").text, "code 0\n");
  EXPECT_EQ(full.code, 74);
  EXPECT_THAT(full.text, HasSubstr("error: cannot write to standard output"));
}

TEST(RunMain, of_three_ranks_succeeds_without_a_message) {
  const Outcome outcome = run_three("");

  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.text, "done\n");
}

TEST(RunMain, of_three_ranks_names_the_one_that_failed) {
  const Outcome outcome = run_three("--kind io --rank 1");

  EXPECT_EQ(outcome.code, 66);
  EXPECT_EQ(count(outcome.text, "error: "), 1U) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("[rank 1] error: cannot read x.h5\n"));
  EXPECT_LT(outcome.seconds, 5);
}

TEST(RunMain, of_three_ranks_speaks_once_when_all_fail_alike) {
  const Outcome outcome = run_three("--kind comm");

  EXPECT_EQ(outcome.code, 75);
  EXPECT_EQ(count(outcome.text, "error: "), 1U) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("[rank 0] error: allreduce timed out\n"));
}

TEST(RunMain, of_three_ranks_speaks_once_when_they_agreed) {
  const Outcome outcome = run_three("--kind agreed");

  EXPECT_EQ(outcome.code, 65);
  EXPECT_EQ(count(outcome.text, "error: "), 1U) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("error: x.h5 is truncated\n"));
  EXPECT_THAT(outcome.text, Not(HasSubstr("MPI_ABORT")));
}

TEST(RunMain, of_three_ranks_speaks_once_about_wrong_options) {
  const Outcome outcome = run_three("--knid io");

  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(count(outcome.text, "error: "), 1U) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("error: unknown option --knid: did you mean --kind?\n"));
}

TEST(RunMain, of_three_ranks_prints_help_once) {
  const Outcome outcome = run_three("--help");

  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(count(outcome.text, "Usage:"), 1U) << outcome.text;
}

TEST(RunMain, names_the_rank_whose_configuration_file_is_missing) {
  const Outcome outcome =
      run(MPIEXEC " -np 1 " PROGRAM " : -np 1 " PROGRAM " --config /nowhere.toml");

  EXPECT_EQ(outcome.code, 66);
  EXPECT_EQ(count(outcome.text, "error: "), 1U) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("[rank 1] error: cannot read the configuration file"));
}

TEST(RunMain, a_call_that_never_returns_ends_all_ranks_with_one_line) {
  ::setenv("RONDO_CALL_LIMIT", "0.3", 1);
  for (const Outcome& outcome : {run_alone("--kind hang"), run_three("--kind hang --rank 2")}) {
    EXPECT_EQ(outcome.code, 74) << outcome.text;
    EXPECT_EQ(count(outcome.text, "error: x.h5: reading 8 bytes has not come to an end for"), 1U)
        << outcome.text;
    EXPECT_EQ(count(outcome.text, "warning: x.h5: reading 8 bytes has not"), 1U) << outcome.text;
    EXPECT_THAT(outcome.text, HasSubstr(": see its disk"));
  }
  ::unsetenv("RONDO_CALL_LIMIT");
}

TEST(RunMain, a_limit_of_calls_that_is_no_number_is_78) {
  ::setenv("RONDO_CALL_LIMIT", "soon", 1);
  const Outcome outcome = run_alone("--kind none");
  ::unsetenv("RONDO_CALL_LIMIT");

  EXPECT_EQ(outcome.code, 78) << outcome.text;
  EXPECT_THAT(outcome.text, HasSubstr("RONDO_CALL_LIMIT is 'soon', expected seconds"));
}

}  // namespace
