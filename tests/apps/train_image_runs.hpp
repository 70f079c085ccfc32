// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/idx_files.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {

inline std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

/// One small data set for all tests: 300 + 80 images of 12 x 12 in 10 classes that can be learned.
class TrainImage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    write_learnable_idx(directory_->path() / "idx", {.train = 300, .test = 80});
    const ProgramResult converted =
        run_program(fmt::format("{} convert idx --directory {} --output {}", RONDO_DATA_PROGRAM,
                                (directory_->path() / "idx").string(), data_file()));
    ASSERT_EQ(converted.code, 0) << converted.err;
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }

  static std::string data_file() { return (directory_->path() / "small.h5").string(); }
  static std::string output(const std::string& name) {
    return (directory_->path() / name).string();
  }

  static std::string trainer(const std::string& arguments) {
    return fmt::format("{} --data {} --model lenet --batch 16 --lr 0.05 {}",
                       RONDO_TRAIN_IMAGE_PROGRAM, data_file(), arguments);
  }
  static ProgramResult train(int ranks, const std::string& arguments) {
    return run_program(mpirun(ranks, trainer(arguments)));
  }

  /// The loss of every step, by step; of a repeated step the last.
  static std::map<int, double> losses(const std::string& run) {
    std::map<int, double> found;
    std::ifstream file(std::filesystem::path(run) / "metrics.ndjson");
    for (std::string line; std::getline(file, line);) {
      const auto entry = nlohmann::json::parse(line);
      if (entry["event"] == "step") found[entry["step"]] = entry["loss"];
    }
    return found;
  }

  /// The learning rate of the first step.
  static double first_rate(const std::string& run) {
    std::ifstream file(std::filesystem::path(run) / "metrics.ndjson");
    for (std::string line; std::getline(file, line);) {
      const auto entry = nlohmann::json::parse(line);
      if (entry["event"] == "step") return entry["lr"];
    }
    return 0;
  }

  static std::string final_hash(const std::string& run) {
    std::ifstream file(std::filesystem::path(run) / "metrics.ndjson");
    std::string hash;
    for (std::string line; std::getline(file, line);) {
      const auto entry = nlohmann::json::parse(line);
      if (entry["event"] == "end") hash = entry["parameters_hash"];
    }
    return hash;
  }

  /// The final hash of a run on each of these numbers of ranks; empty where it failed.
  static std::vector<std::string> hashes_of(const std::vector<int>& rank_counts,
                                            const std::string& arguments) {
    std::vector<std::string> hashes;
    for (const int ranks : rank_counts) {
      const std::string run = output(fmt::format("on-{}", ranks));
      const ProgramResult result =
          train(ranks, fmt::format("{} --overwrite --output {}", arguments, run));
      EXPECT_EQ(result.code, 0) << result.err;
      hashes.push_back(result.code == 0 ? final_hash(run) : "");
    }
    return hashes;
  }

  static inline TemporaryDirectory* directory_ = nullptr;
};

}  // namespace rondo::test
