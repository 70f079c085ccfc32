// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/atomic_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/io_errors.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_directory.hpp"

namespace rondo {
namespace {

using ::testing::HasSubstr;

TEST(AtomicFile, appears_under_its_final_name_when_published) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "result";
  AtomicFile file(path);
  test::write_file(file.temporary_path(), "content");
  const bool existed_before = std::filesystem::exists(path);

  file.publish();

  EXPECT_FALSE(existed_before);
  EXPECT_EQ(test::read_file(path), "content");
  EXPECT_EQ(test::entry_count(directory.path()), 1U);
}

TEST(AtomicFile, leaves_what_was_there_when_not_published) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "result";
  test::write_file(path, "old");

  {
    const AtomicFile file(path);
    test::write_file(file.temporary_path(), "half");
  }

  EXPECT_EQ(test::read_file(path), "old");
  EXPECT_EQ(test::entry_count(directory.path()), 1U);
}

TEST(AtomicFile, gives_two_writers_of_one_name_a_temporary_each) {
  const test::TemporaryDirectory directory;

  const AtomicFile first(directory.path() / "result");
  const AtomicFile second(directory.path() / "result");

  EXPECT_NE(first.temporary_path(), second.temporary_path());
}

TEST(AtomicFile, obeys_the_umask) {
  const test::TemporaryDirectory directory;
  const mode_t old_mask = ::umask(027);

  write_file_atomically(directory.path() / "result", "content");

  ::umask(old_mask);
  EXPECT_EQ(std::filesystem::status(directory.path() / "result").permissions(),
            std::filesystem::perms(0640));
}

TEST(AtomicFile, names_path_and_reason_when_it_cannot_be_created) {
  const test::TemporaryDirectory directory;
  const auto absent = directory.path() / "absent" / "result";

  const auto of_absent = test::io_error_of(ExitCode::cannot_create, [&] { AtomicFile{absent}; });
  const auto of_directory =
      test::io_error_of(ExitCode::cannot_create, [&] { AtomicFile{directory.path()}; });

  EXPECT_THAT(of_absent, HasSubstr(absent.string()));
  EXPECT_THAT(of_absent, HasSubstr("No such file or directory"));
  EXPECT_THAT(of_directory, HasSubstr("Is a directory"));
}

TEST(AtomicFile, reports_a_name_that_cannot_be_taken) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "result";
  AtomicFile file(path);
  std::filesystem::create_directories(path / "occupied");

  test::io_error_of(ExitCode::io, [&] { file.publish(); });

  EXPECT_TRUE(std::filesystem::exists(path / "occupied"));
}

TEST(WriteFileAtomically, replaces_the_file) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "result";
  test::write_file(path, "something longer than the new content");

  write_file_atomically(path, "new");

  EXPECT_EQ(test::read_file(path), "new");
}

TEST(WriteFileAtomically, reports_a_full_disk_and_leaves_nothing) {
  const test::SmallDisk disk("16k");
  if (!disk.failure().empty()) GTEST_SKIP() << disk.failure();
  const auto path = disk.path() / "result";

  const auto message = test::io_error_of(
      ExitCode::io, [&] { write_file_atomically(path, std::string(100'000, 'x')); });

  EXPECT_THAT(message, HasSubstr(path.string()));
  EXPECT_THAT(message, HasSubstr("No space left on device"));
  EXPECT_EQ(test::entry_count(disk.path()), 0U);
}

TEST(RenameDurably, moves_a_directory) {
  const test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() / "a");
  test::write_file(directory.path() / "a" / "file", "content");

  rename_durably(directory.path() / "a", directory.path() / "b");

  EXPECT_EQ(test::read_file(directory.path() / "b" / "file"), "content");
}

TEST(MakeDirectoriesDurably, makes_what_is_missing_and_accepts_what_is_there) {
  const test::TemporaryDirectory directory;

  make_directories_durably(directory.path() / "a" / "b" / "c");
  make_directories_durably(directory.path() / "a" / "b" / "c");

  EXPECT_TRUE(std::filesystem::is_directory(directory.path() / "a" / "b" / "c"));
}

TEST(MakeDirectoriesDurably, names_what_was_wanted_and_what_is_in_the_way) {
  const test::TemporaryDirectory directory;
  test::write_file(directory.path() / "file", "content");

  const auto message = test::io_error_of(ExitCode::cannot_create, [&] {
    make_directories_durably(directory.path() / "file" / "a" / "b");
  });

  EXPECT_THAT(message, HasSubstr((directory.path() / "file" / "a" / "b").string()));
  EXPECT_THAT(message, HasSubstr("File exists"));
}

TEST(SyncToDisk, names_what_it_cannot_open) {
  const auto message = test::io_error_of(ExitCode::io, [] { sync_to_disk("/nonexistent/file"); });

  EXPECT_THAT(message, HasSubstr("/nonexistent/file"));
}

}  // namespace
}  // namespace rondo
