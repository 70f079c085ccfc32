// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/run_directory.hpp"

#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "rondo/base/error.hpp"

#include "support/temporary_directory.hpp"

namespace rondo::job {
namespace {

template <class F>
ExitCode code_of_failure(F&& f, const std::string& named) {
  try {
    f();
  } catch (const IoError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(named));
    return error.code();
  }
  return ExitCode::ok;
}

TEST(RunDirectory, creates_parents_and_accepts_what_is_there) {
  const test::TemporaryDirectory directory;
  const RunDirectory run(directory.path() / "runs" / "first");

  run.create();
  run.create();

  EXPECT_TRUE(std::filesystem::is_directory(run.checkpoints()));
  EXPECT_EQ(run.metrics(), directory.path() / "runs" / "first" / "metrics.ndjson");
}

TEST(RunDirectory, below_a_file_cannot_be_created) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "file";
  std::ofstream(file) << "x";
  const RunDirectory run(file / "run");

  EXPECT_EQ(code_of_failure([&] { run.create(); }, run.root().string()), ExitCode::cannot_create);
}

}  // namespace
}  // namespace rondo::job
