// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The timeline of a run, and what its closing table says of stragglers.

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/train_image_runs.hpp"

namespace rondo::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

nlohmann::json read_json(const std::string& file) {
  return nlohmann::json::parse(std::ifstream(file));
}

/// By rank, how often each activity was seen.
std::map<int, std::map<std::string, int>> activities(const nlohmann::json& trace) {
  std::map<int, std::map<std::string, int>> counts;
  for (const auto& event : trace["traceEvents"])
    ++counts[event["pid"]][event["name"]];
  return counts;
}

ProgramResult convert(const std::string& arguments) {
  return run_program(fmt::format("{} {}", RONDO_TRACE_PROGRAM, arguments));
}

TEST_F(TrainImage, traces_all_ranks_and_ends_with_the_same_parameters) {
  const std::string options = "--lanes 4 --steps 9 --save-every 4 --output ";
  const std::string trace = output("traced") + "/trace.json";
  ASSERT_EQ(train(2, options + output("plain")).code, 0);

  const ProgramResult result = train(2, options + output("traced") + " --trace " + trace);

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(final_hash(output("traced")), final_hash(output("plain")));
  EXPECT_THAT(result.out, AllOf(HasSubstr("a step"), HasSubstr("stragglers")));
  const auto seen = activities(read_json(trace));
  ASSERT_EQ(seen.size(), 2U);
  for (const auto& [rank, counts] : seen) {
    EXPECT_EQ(counts.at("step"), 9) << rank;
    EXPECT_EQ(counts.at("lane"), 18);
    EXPECT_EQ(counts.at("data wait"), 18);
    EXPECT_EQ(counts.at("optimizer"), 9);
    EXPECT_GE(counts.at("bucket"), 9);
    EXPECT_GE(counts.at("read") + counts.at("fill"), 2);
    EXPECT_EQ(counts.at("checkpoint"), 4) << "after steps 4, 8 and 9, and the epoch's 5th";
    EXPECT_EQ(counts.at("evaluation"), 1);
  }
  EXPECT_EQ(seen.at(0).at("write a checkpoint"), 4);
  EXPECT_EQ(run_program("! command -v python3 || python3 -m json.tool " + trace).code, 0);
}

TEST_F(TrainImage, leaves_a_trace_that_can_be_converted_when_it_is_killed) {
  const std::string trace = output("killed.json");
  const std::string options = fmt::format(
      "--lanes 2 --epochs 2000 --trace {} --trace-steps 5 --output {}", trace, output("killed"));
  const std::string killed = fmt::format(
      "sh -c '(while ! [ -e {0}.ranks/rank-00001.1 ]; do sleep 0.05; done; kill -KILL $$) & exec "
      "{1}'",
      trace, trainer(options));

  const ProgramResult result = run_program(mpirun(1, trainer(options)) + " : -np 1 " + killed);

  EXPECT_NE(result.code, 0);
  EXPECT_FALSE(fs::exists(trace)) << "there was no orderly end";
  const ProgramResult converted = convert(fmt::format("{0}.ranks {0}", trace));
  ASSERT_EQ(converted.code, 0) << converted.err;
  const auto seen = activities(read_json(trace));
  EXPECT_GE(seen.at(0).at("step"), 5);
  EXPECT_GE(seen.at(1).at("step"), 5);

  fs::remove(fs::path(trace + ".ranks") / "rank-00001.0");
  fs::remove(fs::path(trace + ".ranks") / "rank-00001.1");
  fs::remove(fs::path(trace + ".ranks") / "rank-00001.sampled");
  const ProgramResult without = convert(fmt::format("{0}.ranks {0}", trace));
  EXPECT_EQ(without.code, 0);
  EXPECT_THAT(without.err, HasSubstr("no logs of these of 2 ranks: 1"));
}

TEST_F(TrainImage, rondo_trace_refuses_what_is_no_trace) {
  const std::string logs = output("no-trace");
  EXPECT_EQ(convert(fmt::format("{} {}/out", logs, logs)).code, 66);
  fs::create_directories(logs);
  EXPECT_EQ(convert(fmt::format("{} {}/out", logs, logs)).code, 66);
  EXPECT_EQ(convert(logs).code, 2);
  std::ofstream(logs + "/rank-00000.0") << std::string(64, '\0');

  const ProgramResult result = convert(fmt::format("{} {}/out", logs, logs));

  EXPECT_EQ(result.code, 65);
  EXPECT_THAT(result.err, AllOf(HasSubstr("rank-00000.0"), HasSubstr("byte 0")));
  EXPECT_FALSE(fs::exists(logs + "/out"));
}

TEST_F(TrainImage, trace_steps_without_a_trace_is_78) {
  EXPECT_EQ(train(1, "--trace-steps 5 --output " + output("no-file")).code, 78);
}

}  // namespace
}  // namespace rondo::test
