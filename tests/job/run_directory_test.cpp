// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/run_directory.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "rondo/base/error.hpp"

#include "support/temporary_directory.hpp"

namespace rondo::job {
namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream input(file);
  return {std::istreambuf_iterator<char>(input), {}};
}

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

TEST(WriteFileAtomically, replaces_and_leaves_no_temporary) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "config.toml";

  write_file_atomically(file, "old");
  write_file_atomically(file, "new text");

  EXPECT_EQ(content(file), "new text");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(WriteFileAtomically, keeps_the_old_file_when_the_disk_is_full) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "config.toml";
  write_file_atomically(file, "old");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limit{1000, before.rlim_max};

  ::setrlimit(RLIMIT_FSIZE, &limit);
  const ExitCode code =
      code_of_failure([&] { write_file_atomically(file, std::string(5000, 'x')); }, file.string());
  ::setrlimit(RLIMIT_FSIZE, &before);

  EXPECT_EQ(code, ExitCode::io);
  EXPECT_EQ(content(file), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(WriteFileAtomically, names_the_file_it_cannot_create) {
  EXPECT_EQ(
      code_of_failure([] { write_file_atomically("/proc/nowhere/x", "text"); }, "/proc/nowhere/x"),
      ExitCode::cannot_create);
}

}  // namespace
}  // namespace rondo::job
