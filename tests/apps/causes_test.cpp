// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// A slow rank, a slow link and a slow reader are planted: what a training's closing table and
// rondo-scale name as the cause. The causes are far larger than what a busy machine does.

#include <fstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "apps/train_image_runs.hpp"

namespace rondo::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

constexpr int exit_skip = 77;

/// With data enough for some steps between two checkpoints, in chunks of a lane's step.
class Causes : public TrainImage {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    write_learnable_idx(directory_->path() / "idx", {.train = 3000, .test = 80});
    const ProgramResult converted = run_program(
        fmt::format("{} convert idx --directory {} --output {} --chunk 16", RONDO_DATA_PROGRAM,
                    (directory_->path() / "idx").string(), data_file()));
    ASSERT_EQ(converted.code, 0) << converted.err;
  }

  static std::string scale(const std::string& options) {
    return fmt::format("{} --repeats 2 --json {} {}", RONDO_SCALE_PROGRAM, output("scale.json"),
                       options);
  }
  /// The figures of the greatest rank count.
  static nlohmann::json figures() {
    return nlohmann::json::parse(std::ifstream(output("scale.json")))["counts"].back();
  }

  /// The command on two ranks, of which the second reads a file of data slowly.
  static ProgramResult run_with_slow_reader(const std::string& command) {
    return run_program(mpirun(1, command) +
                       fmt::format(" : -np 1 env LD_PRELOAD={} RONDO_SLOW_FILE={} "
                                   "RONDO_SLOW_MILLISECONDS=50 {}",
                                   RONDO_SLOW_READS, data_file(), command));
  }

  /// The command on three hosts, of which the third has a slow link.
  static ProgramResult run_with_slow_link(const std::string& rate, const std::string& command) {
    return run_program(
        fmt::format("{} --hosts 3 --slow h3:{} -- {}", RONDO_VIRTUAL_HOSTS, rate, command));
  }
};

/// The greatest of the lost parts.
std::string cause(const nlohmann::json& count) {
  std::string greatest = "computing";
  for (const auto& [part, share] : count["lost"].items())
    if (share > count["lost"][greatest]) greatest = part;
  return greatest;
}

TEST_F(Causes, of_a_training_are_a_rank_with_more_lanes_than_the_other) {
  const ProgramResult result =
      train(2, "--model cnn --batch 128 --lanes 3 --steps 40 --output " + output("more-lanes"));

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("stragglers +rank 1, chronic, compute"));
}

TEST_F(Causes, of_a_training_are_a_slow_reader) {
  const ProgramResult result = run_with_slow_reader(trainer(
      "--lanes 2 --steps 24 --window 1 --loader-threads 1 --output " + output("slow-reader")));

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("stragglers +rank 1, chronic, data"));
}

TEST_F(Causes, of_a_training_are_a_slow_link) {
  const ProgramResult result = run_with_slow_link(
      "4mbit", trainer("--model mlp --lanes 3 --steps 12 --bucket-bytes 4M --output " +
                       output("slow-link")));
  if (result.code == exit_skip) GTEST_SKIP() << result.err;

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out,
              ContainsRegex("stragglers +(no rank|rank [0-2], chronic), communication"));
}

TEST_F(Causes, of_rondo_scale_are_a_slow_reader_of_real_data) {
  const ProgramResult result = run_with_slow_reader(scale(
      fmt::format("--compute real --model mlp --batch 64 --steps 10 --data {}", data_file())));

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(cause(figures()), "data_wait") << figures();
  EXPECT_EQ(figures()["last_rank"]["rank"], 1);
  EXPECT_EQ(figures()["last_rank"]["cause"], "data_wait");
}

TEST_F(Causes, of_rondo_scale_are_a_slow_link_and_its_host) {
  std::ofstream(output("model.txt")) << "model small\nfirst 100000 1000\nlast 150000 1000\n";
  const ProgramResult result = run_with_slow_link(
      "100mbit",
      scale(fmt::format("--model {} --computing 0.006 --poll 10000 --bucket 4M --ranks 1,3",
                        output("model.txt"))));
  if (result.code == exit_skip) GTEST_SKIP() << result.err;

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("3 ranks wait for the link of h3"));
  EXPECT_EQ(figures()["slow_link"], "h3");
  EXPECT_EQ(cause(figures()), "exposed_communication") << figures();
}

}  // namespace
}  // namespace rondo::test
