// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "data/staged_chunks.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <list>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "support/child_process.hpp"
#include "support/io_errors.hpp"
#include "support/refuse_system_call.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::data {
namespace {

namespace fs = std::filesystem;
using test::ChildProcess;
using ::testing::HasSubstr;

using Bytes = std::vector<std::byte>;
using Key = StagedChunks::Key;

constexpr std::size_t chunk_bytes = 10'000;
constexpr std::uint64_t copy_bytes = 3 * 4096;  // on disk

Bytes chunk_of(const Key& key, std::size_t chunk) {
  Bytes bytes(chunk_bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::byte>(i * (chunk + 3) + key.place + 5 * key.state);
  return bytes;
}

class StagedChunksTest : public ::testing::Test {
 protected:
  StageOptions options(std::uint64_t copies = 5000) const {
    return {directory_.path(), copies * copy_bytes};
  }

  static void keep(StagedChunks& staged, const Key& key, std::size_t chunk) {
    staged.keep(chunk, chunk_of(key, chunk));
  }

  /// Whether there is a copy; if so, it must be right.
  static bool has(StagedChunks& staged, const Key& key, std::size_t chunk) {
    Bytes found(chunk_bytes);
    if (!staged.read(chunk, found)) return false;
    if (found != chunk_of(key, chunk)) throw std::logic_error("a wrong copy");
    return true;
  }

  std::size_t count(StagedChunks& staged, const Key& key, std::size_t chunks) const {
    std::size_t found = 0;
    for (std::size_t chunk = 0; chunk < chunks; ++chunk)
      found += has(staged, key, chunk) ? 1 : 0;
    return found;
  }

  /// The files of copies, complete or not.
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(directory_.path()))
      if (entry.is_regular_file() && entry.path().filename() != "set" &&
          entry.path().filename() != "lock")
        found.push_back(entry.path());
    return found;
  }

  /// What the sets say they hold.
  std::uint64_t counted_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& entry : fs::directory_iterator(directory_.path() / "rondo-stage-1"))
      if (entry.is_directory()) bytes += StageSet(entry.path()).bytes();
    return bytes;
  }

  test::TemporaryDirectory directory_;
  Key key_{.place = 1, .state = 7};
};

TEST_F(StagedChunksTest, gives_back_what_was_kept_now_and_to_a_later_job) {
  {
    StagedChunks staged(options(), key_, "set");
    EXPECT_FALSE(has(staged, key_, 4));
    keep(staged, key_, 4);
    EXPECT_TRUE(has(staged, key_, 4));
    EXPECT_FALSE(has(staged, key_, 5));
  }
  StagedChunks later(options(), key_, "set");
  EXPECT_TRUE(has(later, key_, 4));
  EXPECT_EQ(counted_bytes(), copy_bytes);
}

TEST_F(StagedChunksTest, knows_nothing_of_another_state_or_place) {
  const Key changed{.place = key_.place, .state = key_.state + 1};
  const Key other{.place = key_.place + 1, .state = key_.state};
  {
    StagedChunks staged(options(), key_, "set");
    keep(staged, key_, 0);
    StagedChunks elsewhere(options(), other, "other");
    EXPECT_FALSE(has(elsewhere, other, 0));
    EXPECT_EQ(files().size(), 1U);
  }
  StagedChunks staged(options(), changed, "set");
  EXPECT_FALSE(has(staged, changed, 0));
  EXPECT_TRUE(files().empty()) << "nobody will want the old state's copies";
}

TEST_F(StagedChunksTest, drops_a_copy_that_is_damaged_anywhere) {
  StagedChunks staged(options(), key_, "set");
  for (const std::size_t position : {std::size_t{0}, chunk_bytes / 2, chunk_bytes + 7}) {
    keep(staged, key_, 0);
    std::string content = test::read_file(files().at(0));
    content.at(position) = static_cast<char>(content.at(position) ^ 8);
    test::write_file(files().at(0), content);

    ::testing::internal::CaptureStderr();
    EXPECT_FALSE(has(staged, key_, 0));
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                position == 0 ? HasSubstr("set's chunk 0") : HasSubstr(""))
        << "reported once";
    EXPECT_TRUE(files().empty());
    EXPECT_EQ(counted_bytes(), 0U);
  }
}

TEST_F(StagedChunksTest, drops_a_copy_that_is_cut_off_or_of_another_chunk) {
  StagedChunks staged(options(), key_, "set");
  keep(staged, key_, 0);
  const fs::path first = files().at(0);
  keep(staged, key_, 1);
  fs::copy_file(first, first.parent_path() / "1", fs::copy_options::overwrite_existing);
  fs::resize_file(first, chunk_bytes);

  EXPECT_FALSE(has(staged, key_, 0));
  EXPECT_FALSE(has(staged, key_, 1));
  keep(staged, key_, 0);
  EXPECT_TRUE(has(staged, key_, 0));
}

TEST_F(StagedChunksTest, stops_at_the_budget_rather_than_giving_up_what_is_in_use) {
  StagedChunks other(options(4), {.place = 2, .state = 1}, "other");
  keep(other, {.place = 2, .state = 1}, 0);
  StagedChunks staged(options(4), key_, "set");

  ::testing::internal::CaptureStderr();
  for (std::size_t chunk = 0; chunk < 6; ++chunk)
    keep(staged, key_, chunk);

  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("no more chunks of set"));
  EXPECT_EQ(count(staged, key_, 6), 3U);
  EXPECT_TRUE(has(other, {.place = 2, .state = 1}, 0));
  EXPECT_EQ(counted_bytes(), 4 * copy_bytes);
}

TEST_F(StagedChunksTest, makes_room_at_the_cost_of_the_set_used_longest_ago) {
  const std::vector<Key> keys{{.place = 1, .state = 1}, {.place = 2, .state = 1}};
  for (const Key& key : keys) {
    StagedChunks staged(options(8), key, "old");
    for (std::size_t chunk = 0; chunk < 4; ++chunk)
      keep(staged, key, chunk);
  }
  { StagedChunks used_again(options(8), keys[0], "old"); }
  {
    const Key key{.place = 3, .state = 1};
    StagedChunks staged(options(8), key, "new");
    for (std::size_t chunk = 0; chunk < 3; ++chunk)
      keep(staged, key, chunk);
    EXPECT_EQ(count(staged, key, 3), 3U);
  }

  EXPECT_LE(counted_bytes(), 8 * copy_bytes);
  StagedChunks first(options(8), keys[0], "old");
  StagedChunks second(options(8), keys[1], "old");
  EXPECT_EQ(count(first, keys[0], 4), 4U);
  EXPECT_LE(count(second, keys[1], 4), 1U);
}

TEST_F(StagedChunksTest, copies_each_chunk_once_for_many_processes) {
  {
    std::list<ChildProcess> processes;
    for (std::size_t process = 0; process < 4; ++process)
      processes.emplace_back([this, process] {
        StagedChunks staged(options(), key_, "set");
        for (std::size_t i = 0; i < 60; ++i) {
          const std::size_t chunk = (i + 15 * process) % 60;
          if (!has(staged, key_, chunk)) keep(staged, key_, chunk);
        }
      });
    for (ChildProcess& process : processes)
      EXPECT_TRUE(process.succeeds());
    EXPECT_EQ(counted_bytes(), 60 * copy_bytes);
  }
  StagedChunks staged(options(), key_, "set");
  EXPECT_EQ(count(staged, key_, 60), 60U);
}

TEST_F(StagedChunksTest, survives_a_kill_at_any_point) {
  std::size_t kept = 0;
  for (int round = 0; round < 25; ++round) {
    ChildProcess writer([this] {
      StagedChunks staged(options(), key_, "set");
      for (std::size_t chunk = 0;; chunk = (chunk + 1) % 2000)
        if (!has(staged, key_, chunk)) keep(staged, key_, chunk);
    });
    std::this_thread::sleep_for(std::chrono::microseconds(500 + 700 * round));
    writer.kill();

    StagedChunks staged(options(), key_, "set");
    const std::size_t found = count(staged, key_, 2000);
    EXPECT_GE(found, kept);
    EXPECT_EQ(files().size(), found) << "a half-written file is left";
    EXPECT_EQ(counted_bytes(), found * copy_bytes);
    kept = found;
  }
  EXPECT_GT(kept, 20U);
}

TEST_F(StagedChunksTest, stops_with_a_warning_when_the_disk_is_full) {
  const test::SmallDisk disk("128k");
  if (!disk.failure().empty()) GTEST_SKIP() << disk.failure();
  StagedChunks staged({disk.path(), 1000 * copy_bytes}, key_, "set");

  ::testing::internal::CaptureStderr();
  for (std::size_t chunk = 0; chunk < 30; ++chunk)
    keep(staged, key_, chunk);

  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("No space left on device"));
  const std::size_t found = count(staged, key_, 30);
  EXPECT_GT(found, 5U);
  EXPECT_LT(found, 12U);
}

TEST_F(StagedChunksTest, says_so_where_files_cannot_be_locked) {
  EXPECT_EXIT(
      {
        if (!test::refuse_system_call(SYS_flock, ENOLCK)) ::_exit(0);
        const std::string message =
            test::io_error_of(ExitCode::io, [this] { StagedChunks(options(), key_, "set"); });
        ::_exit(message.find("cannot lock: No locks available") == std::string::npos ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(StagedChunksTest, refuses_a_directory_that_is_none) {
  test::write_file(directory_.path() / "file", "");

  test::io_error_of(ExitCode::cannot_create, [&] {
    StagedChunks({directory_.path() / "file", 1 << 20}, key_, "set");
  });
}

TEST_F(StagedChunksTest, leaves_other_files_of_the_directory_alone) {
  test::write_file(directory_.path() / "mine", "my own");
  fs::create_directory(directory_.path() / "folder");
  StagedChunks staged(options(1), key_, "set");
  keep(staged, key_, 0);
  keep(staged, key_, 1);

  EXPECT_EQ(test::read_file(directory_.path() / "mine"), "my own");
  EXPECT_TRUE(fs::is_directory(directory_.path() / "folder"));
}

}  // namespace
}  // namespace rondo::data
