// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Exactly once, through the real trainer: a run that is stopped, killed and resized over and over.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/idx_files.hpp"
#include "support/io_errors.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

/// 310 samples on 4 lanes of 16: 5 steps an epoch, of which the last is uneven.
class TrainAudit : public testing::Test {
 protected:
  TrainAudit() {
    write_learnable_idx(directory_.path() / "idx", {.train = 310, .test = 20});
    const ProgramResult converted = run_program(
        fmt::format("{} convert idx --chunk 32 --directory {} --output {}", RONDO_DATA_PROGRAM,
                    (directory_.path() / "idx").string(), data_file()));
    EXPECT_EQ(converted.code, 0) << converted.err;
  }

  std::string data_file() const { return (directory_.path() / "small.h5").string(); }
  std::filesystem::path run() const { return directory_.path() / "run"; }
  std::filesystem::path metrics() const { return run() / "metrics.ndjson"; }

  std::string trainer(const std::string& arguments) const {
    return fmt::format(
        "{} --data {} --model lenet --lr 0.01 --batch 16 --lanes 4 --window 2 --epochs 1000 "
        "--resume --output {} {}",
        RONDO_TRAIN_IMAGE_PROGRAM, data_file(), run().string(), arguments);
  }

  /// The highest step in the metrics so far.
  int last_step() const {
    std::ifstream file(metrics());
    int last = 0;
    for (std::string line; std::getline(file, line);)
      if (const json entry = json::parse(line); entry["event"] == "step")
        last = std::max(last, entry["step"].get<int>());
    return last;
  }

  void train(int ranks, int steps) const {
    const ProgramResult result =
        run_program(mpirun(ranks, trainer(fmt::format("--steps {}", steps))));
    ASSERT_EQ(result.code, 0) << result.err;
  }

  /// Trains until the metrics hold `step`, when the last rank is killed.
  void train_until_killed(int ranks, int step) const {
    const std::string killed = fmt::format(
        "sh -c '(for i in $(seq 1200); do grep -q \"\\\"step\\\":{},\" {} && break; sleep 0.05; "
        "done; kill -9 $$) & exec {}'",
        step, metrics().string(), trainer(""));
    const std::string command =
        ranks == 1 ? mpirun(1, killed) : mpirun(ranks - 1, trainer("")) + " : -np 1 " + killed;
    const ProgramResult result = run_program(command);
    ASSERT_NE(result.code, 0);
    ASSERT_GE(last_step(), step) << result.err;
  }

  ProgramResult audit(const std::string& options = "") const {
    return run_program(fmt::format("{} audit {} {}", RONDO_DATA_PROGRAM, run().string(), options));
  }

  TemporaryDirectory directory_;
};

TEST_F(TrainAudit, a_run_on_4_3_1_and_2_ranks_with_kills_used_every_sample_once) {
  train(4, 3);
  train_until_killed(3, 12);
  const int after_first_kill = last_step();
  train_until_killed(1, after_first_kill + 10);
  // As if the last checkpoint had been damaged: what led to it is lost for certain.
  std::vector<std::filesystem::path> checkpoints;
  for (const auto& entry : std::filesystem::directory_iterator(run() / "checkpoints"))
    if (entry.path().filename().string().starts_with("step-")) checkpoints.push_back(entry.path());
  ASSERT_GE(checkpoints.size(), 2U);
  std::filesystem::remove_all(*std::max_element(checkpoints.begin(), checkpoints.end()));
  train(2, last_step() + 7);

  const ProgramResult result = audit("--json");

  ASSERT_EQ(result.code, 0) << result.out << result.err;
  const json found = json::parse(result.out);
  EXPECT_EQ(found["exact"], true);
  EXPECT_GE(found["complete_epochs"], 4);
  std::vector<int> ranks;
  for (const json& life : found["lives"])
    ranks.push_back(life["ranks"]);
  EXPECT_THAT(ranks, ElementsAre(4, 3, 1, 2));
  EXPECT_LT(found["lives"][2]["kept_up_to"], found["lives"][2]["last_step"]);
  const std::string text = audit().out;
  EXPECT_THAT(text, HasSubstr("lost and trained again"));
  EXPECT_THAT(text, HasSubstr("every sample was used exactly once"));
}

TEST_F(TrainAudit, a_planted_repetition_and_a_planted_gap_are_found) {
  train(2, 7);
  ASSERT_EQ(audit().code, 0);
  const std::string good = read_file(metrics());
  const auto begin = good.find("{\"event\":\"step\",\"step\":6,");
  const std::string sixth = good.substr(begin, good.find('\n', begin) + 1 - begin);

  write_file(metrics(), std::string(good).insert(begin, sixth));
  const ProgramResult repeated = audit();
  EXPECT_EQ(repeated.code, 1);
  EXPECT_THAT(repeated.out, HasSubstr("epoch 1, lanes 0-3, positions 0-15: used twice"));

  write_file(metrics(), std::string(good).erase(begin, sixth.size()));
  const ProgramResult missing = audit();
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.out, HasSubstr("epoch 1, lanes 0-3, positions 0-15: never used"));
}

TEST_F(TrainAudit, the_order_is_told_and_belongs_to_the_run) {
  const ProgramResult result = run_program(mpirun(2, trainer("--steps 2")));
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out + result.err,
              testing::ContainsRegex(
                  "order: 4 lanes, window 2 chunks of 32 samples, mixing [01]\\.[0-9][0-9]"));

  const ProgramResult other = run_program(mpirun(2, trainer("--steps 3 --window auto")));
  EXPECT_EQ(other.code, 78);
  EXPECT_THAT(other.err, HasSubstr("window: checkpoint 2 chunks of 32, now "));
}

}  // namespace
}  // namespace rondo::test
