// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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

inline std::vector<nlohmann::json> lines_of(const std::filesystem::path& file) {
  std::vector<nlohmann::json> entries;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);)
    entries.push_back(nlohmann::json::parse(line));
  return entries;
}

/// The trainer on a small data set, as jobs start, stop and resume it; bits do not depend on ranks.
class JobTraining : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    write_learnable_idx(directory_->path() / "idx", {.train = 300, .test = 80});
    const ProgramResult converted =
        run_program(fmt::format("{} convert idx --directory {} --output {}", RONDO_DATA_PROGRAM,
                                output("idx"), output("small.h5")));
    ASSERT_EQ(converted.code, 0) << converted.err;
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }

  static std::string output(const std::string& name) {
    return (directory_->path() / name).string();
  }
  static std::string trainer(const std::string& run, const std::string& arguments) {
    return fmt::format(
        "{} --data {} --model lenet --batch 16 --lr 0.05 --lanes 4 --reduce fixed --output {} {}",
        RONDO_TRAIN_IMAGE_PROGRAM, output("small.h5"), run, arguments);
  }
  static ProgramResult train(int ranks, const std::string& run, const std::string& arguments) {
    return run_program(mpirun(ranks, trainer(run, arguments)));
  }

  static nlohmann::json last_event(const std::string& run, const std::string& event) {
    nlohmann::json last;
    for (const auto& entry : lines_of(std::filesystem::path(run) / "metrics.ndjson"))
      if (entry["event"] == event) last = entry;
    return last;
  }
  static std::string final_hash(const std::string& run) {
    const auto end = last_event(run, "end");
    return end.is_object() ? end["parameters_hash"].get<std::string>() : "no end";
  }

  static inline TemporaryDirectory* directory_ = nullptr;
};

}  // namespace rondo::test
