// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Saves that fail or are killed: the older checkpoints stay, nothing half-written gets a final
// name.
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rondo/base/log.hpp"

#include "checkpoint/sample_state.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SaveFailure, below_a_file_cannot_be_created) {
  const test::TemporaryDirectory directory;
  std::ofstream(directory.path() / "file") << "x";

  const Failure failure = failure_of([&] { save_sample(directory.path() / "file" / "run", 1); });

  EXPECT_EQ(failure.code, ExitCode::cannot_create);
  EXPECT_THAT(failure.text, HasSubstr((directory.path() / "file" / "run").string()));
}

/// A file system of a few pages, unmounted at the end.
class TinyDisk {
 public:
  explicit TinyDisk(const char* options)
      : is_mounted_(::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, options) == 0),
        reason_(std::strerror(errno)) {}
  ~TinyDisk() {
    if (is_mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;

  bool is_mounted() const { return is_mounted_; }
  const std::string& reason() const { return reason_; }
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  test::TemporaryDirectory directory_;
  bool is_mounted_;
  std::string reason_;
};

/// Fills a disk that holds one checkpoint up to `free_bytes`, then expects the next save to fail.
void expect_full_disk_is_survived(std::size_t free_bytes) {
  const TinyDisk disk("size=256k");
  if (!disk.is_mounted()) GTEST_SKIP() << "cannot mount a tmpfs here: " << disk.reason();
  save_sample(disk.path(), 1);
  const auto space = std::filesystem::space(disk.path());
  std::ofstream(disk.path() / "filler") << std::string(space.available - free_bytes, 'x');

  const Failure failure = failure_of([&] {
    SampleState large(2, 1000);
    save(disk.path(), 2, large.tensors(), sample_metadata);
  });

  EXPECT_EQ(failure.code, ExitCode::io) << failure.text;
  EXPECT_THAT(failure.text, HasSubstr(disk.path().string()));
  EXPECT_THAT(names_in(disk.path()), ElementsAre("filler", "step-00000001"));
  EXPECT_TRUE(loads_as_saved(*find_newest(disk.path())));

  std::filesystem::remove(disk.path() / "filler");
  save_sample(disk.path(), 3);
  EXPECT_TRUE(loads_as_saved(*find_newest(disk.path())));
}

TEST(SaveFailure, full_disk_leaves_the_older_checkpoint) {
  expect_full_disk_is_survived(0);
}

TEST(SaveFailure, nearly_full_disk_leaves_the_older_checkpoint) {
  expect_full_disk_is_survived(16384);
}

/// Saves step after step until killed, reporting each completed one.
[[noreturn]] void save_for_ever(const std::filesystem::path& directory, std::uint64_t step,
                                int reports) {
  for (;; ++step) {
    save_sample(directory, step);
    if (::write(reports, &step, sizeof step) != sizeof step) ::_exit(1);
  }
}

/// Runs save_for_ever in a child, waits for `saves` completed ones, kills it a moment `later`, and
/// returns the last step it completed.
std::uint64_t killed_saves(const std::filesystem::path& directory, std::uint64_t first_step,
                           int saves, std::chrono::microseconds later) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
  const pid_t child = ::fork();
  if (child == 0) save_for_ever(directory, first_step, ends[1]);
  ::close(ends[1]);
  std::uint64_t last = first_step - 1;
  for (int i = 0; i < saves; ++i)
    if (::read(ends[0], &last, sizeof last) != sizeof last) break;
  std::this_thread::sleep_for(later);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child left by itself with status " << status;

  while (::read(ends[0], &last, sizeof last) == sizeof last) {
  }
  ::close(ends[0]);
  return last;
}

std::chrono::microseconds duration_of_save(const std::filesystem::path& directory) {
  const auto start = std::chrono::steady_clock::now();
  save_sample(directory, 1);
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

/// RONDO_TEST_KILLS asks for more of them.
int kills() {
  const char* wanted = std::getenv("RONDO_TEST_KILLS");  // NOLINT(concurrency-mt-unsafe)
  return wanted == nullptr ? 20 : std::atoi(wanted);     // NOLINT(cert-err34-c)
}

TEST(SaveFailure, killed_at_any_time_the_newest_completed_checkpoint_loads) {
  const test::TemporaryDirectory directory;
  const auto one_save = duration_of_save(directory.path());
  std::mt19937 random(11);
  std::uniform_int_distribution<std::int64_t> moment(0, 2 * one_save.count());
  std::uint64_t newest = 1;
  int interrupted = 0;
  for (int round = 0; round < kills(); ++round) {
    const std::uint64_t completed = killed_saves(directory.path(), newest + 1, 1 + round % 2,
                                                 std::chrono::microseconds(moment(random)));

    for (const std::string& name : names_in(directory.path()))
      interrupted += static_cast<int>(name.starts_with(".step-"));
    testing::internal::CaptureStderr();
    const auto found = find_newest(directory.path());
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "something invalid has a final name";
    ASSERT_TRUE(found);
    EXPECT_GE(found->step, completed);
    EXPECT_LE(found->step, completed + 1);
    EXPECT_TRUE(loads_as_saved(*found));
    newest = found->step;
  }
  EXPECT_GE(interrupted, 3) << "too few kills hit a save for the test to mean anything";

  save_sample(directory.path(), newest + 1, 1);
  EXPECT_EQ(names_in(directory.path()).size(), 1U) << "leftovers were not cleaned";
}

}  // namespace
}  // namespace rondo::checkpoint
