// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "rondo/base/error.hpp"

#include "run/options.hpp"

namespace rondo::apps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RunOptions parsed(std::vector<const char*> arguments) {
  RunOptions values;
  Options options("rondo-run", "Runs.");
  declare(options, values);
  arguments.insert(arguments.begin(), "rondo-run");
  parse(options, values, static_cast<int>(arguments.size()), arguments.data());
  return values;
}

std::string usage_error(const std::vector<const char*>& arguments) {
  try {
    parsed(arguments);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "no error";
}

TEST(RunOptions, leave_everything_behind_the_dashes_to_the_program) {
  const RunOptions options =
      parsed({"-np", "4", "--max-restarts", "2", "--", "train", "--ranks", "x", "--", "-np"});

  EXPECT_EQ(options.ranks, 4);
  EXPECT_EQ(options.least_ranks(), 4);
  EXPECT_EQ(options.max_restarts, 2);
  EXPECT_THAT(options.program, ElementsAre("train", "--ranks", "x", "--", "-np"));
}

TEST(RunOptions, need_a_number_of_ranks_and_a_program) {
  EXPECT_THAT(usage_error({"--", "train"}), HasSubstr("-np N is missing"));
  EXPECT_THAT(usage_error({"-np", "0", "--", "train"}), HasSubstr("at least 1"));
  EXPECT_THAT(usage_error({"-np", "2"}), HasSubstr("no program"));
  EXPECT_THAT(usage_error({"-np", "2", "--"}), HasSubstr("no program"));
  EXPECT_THAT(usage_error({"-np", "2", "--min-ranks", "3", "--", "x"}), HasSubstr("more than"));
  EXPECT_THAT(usage_error({"-np", "2", "--mpirun", " ", "--", "x"}), HasSubstr("--mpirun"));
  EXPECT_THAT(usage_error({"-np", "2", "--max-restart", "3", "--", "x"}),
              HasSubstr("--max-restarts"));
}

TEST(RunOptions, take_the_run_directory_from_the_programs_output) {
  EXPECT_EQ(parsed({"-np", "1", "--", "train"}).directory(), std::nullopt);
  EXPECT_EQ(parsed({"-np", "1", "--", "train", "--output", "a"}).directory(), "a");
  EXPECT_EQ(parsed({"-np", "1", "--", "train", "--output=b"}).directory(), "b");
  EXPECT_EQ(parsed({"-np", "1", "--", "train", "--output"}).directory(), std::nullopt);
  EXPECT_EQ(
      parsed({"-np", "1", "--run-directory", "c", "--", "train", "--output", "a"}).directory(),
      "c");
}

TEST(RunOptions, split_commands_at_spaces) {
  EXPECT_THAT(words_of("mpirun  --mca a b "), ElementsAre("mpirun", "--mca", "a", "b"));
  EXPECT_THAT(words_of(""), ElementsAre());
}

}  // namespace
}  // namespace rondo::apps
