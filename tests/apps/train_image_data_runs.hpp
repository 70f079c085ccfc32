// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/idx_files.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {

/// 300 + 80 images of 12 x 12 in chunks of 20; a run has the name of its output.
class TrainImageData : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    write_learnable_idx(directory_->path() / "idx", {.train = 300, .test = 80});
    ASSERT_EQ(convert(data_file()).code, 0);
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }

  static ProgramResult convert(const std::string& to) {
    return run_program(fmt::format("{} convert idx --directory {} --output {} --chunk 20",
                                   RONDO_DATA_PROGRAM, path("idx"), to));
  }
  static std::string path(const std::string& name) { return (directory_->path() / name).string(); }
  static std::string data_file() { return path("small.h5"); }

  static std::string trainer(const std::string& run, const std::string& arguments,
                             const std::string& data) {
    return fmt::format(
        "{} --data {} --model lenet --batch 8 --lr 0.05 --lanes 4 --epochs 2 --reduce fixed "
        "--output {} {}",
        RONDO_TRAIN_IMAGE_PROGRAM, data, path(run), arguments);
  }
  static ProgramResult train(const std::string& run, const std::string& arguments, int ranks = 2,
                             const std::string& data = data_file()) {
    return run_program(mpirun(ranks, trainer(run, arguments, data)));
  }
  static std::string stage(const std::string& directory) {
    return fmt::format("--stage {} --stage-budget 1G", path(directory));
  }

  /// The metrics of a run's event.
  static std::vector<nlohmann::json> events(const std::string& run, const std::string& event) {
    std::vector<nlohmann::json> found;
    std::ifstream file(std::filesystem::path(path(run)) / "metrics.ndjson");
    for (std::string line; std::getline(file, line);) {
      auto entry = nlohmann::json::parse(line);
      if (entry["event"] == event) found.push_back(std::move(entry));
    }
    return found;
  }
  static std::vector<double> ratios(const std::string& run, const std::string& which) {
    std::vector<double> found;
    for (const nlohmann::json& entry : events(run, "reading"))
      found.push_back(entry[which + "_ratio"]);
    return found;
  }
  static std::string hash(const std::string& run) {
    return events(run, "end").at(0)["parameters_hash"];
  }

  static inline TemporaryDirectory* directory_ = nullptr;
};

}  // namespace rondo::test
