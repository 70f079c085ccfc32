// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// A save of which each single system call goes wrong in turn: killed there, out of space, a broken
// device, half a write, a bit that is written otherwise.
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/sample_state.hpp"
#include "support/io_errors.hpp"
#include "support/run_program.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::checkpoint {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

/// The third save into a directory of two, of which it removes the first.
class SaveFault : public testing::Test {
 protected:
  SaveFault() {
    save_sample(before_, 1);
    save_sample(before_, 2);
    note_calls();
  }

  void note_calls() {
    fs::remove(log_);
    calls_.clear();
    const test::ProgramResult clean = save_with("", "RONDO_FAULT_LOG=" + log_.string());
    EXPECT_EQ(clean.code, 0) << clean.err;
    std::istringstream lines(test::read_file(log_));
    for (std::string line; std::getline(lines, line);)
      calls_.push_back(line);
  }

  /// The save from the same beginning, with a fault such as "kill:7".
  test::ProgramResult save_with(const std::string& fault, const std::string& environment = "") {
    fs::remove_all(directory_);
    fs::copy(before_, directory_, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    return test::run_program(fmt::format(
        "LD_PRELOAD={} ASAN_OPTIONS=\"$ASAN_OPTIONS:verify_asan_link_order=0\" RONDO_FAULT={} {} "
        "{} {} 3 {}",
        RONDO_FAULT_SHIM, fault, environment, RONDO_SAVE_PROGRAM, directory_.string(), writers_));
  }

  bool writes(std::size_t call) const { return calls_[call - 1].ends_with("write"); }

  /// The step of the newest checkpoint, which loads; no final name stands for anything invalid.
  std::uint64_t newest_step() const {
    testing::internal::CaptureStderr();
    const auto found = find_newest(directory_);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    if (!found) return 0;
    EXPECT_TRUE(loads_as_saved(*found));
    return found->step;
  }

  /// The next save leaves itself, the newest before, and nothing else.
  void expect_next_save_cleans(std::uint64_t newest) const {
    save_sample(directory_, 4);
    EXPECT_THAT(names_in(directory_),
                ElementsAre(fmt::format("step-{:08}", newest), "step-00000004"));
    EXPECT_EQ(newest_step(), 4U);
    EXPECT_EQ(fs::read_symlink(directory_ / "latest"), "step-00000004");
  }

  void expect_survived(const std::string& fault);

  test::TemporaryDirectory root_;
  fs::path before_ = root_.path() / "before";
  fs::path directory_ = root_.path() / "now";
  fs::path log_ = root_.path() / "log";
  std::string writers_;             ///< "2": two threads save; their calls are in no fixed order
  std::vector<std::string> calls_;  ///< of a save without faults
};

TEST_F(SaveFault, a_save_makes_the_calls_that_the_faults_are_for) {
  for (const char* call : {"mkdir", "pwrite", "fallocate", "sync_file_range", "fsync", "rename",
                           "renameat2", "symlink", "unlinkat"})
    EXPECT_THAT(calls_, Contains(call));
  EXPECT_EQ(newest_step(), 3U);
}

TEST_F(SaveFault, killed_at_any_call_the_newest_committed_one_loads) {
  for (std::size_t call = 1; call <= calls_.size(); ++call) {
    SCOPED_TRACE(fmt::format("call {}, {}", call, calls_[call - 1]));
    EXPECT_EQ(save_with(fmt::format("kill:{}", call)).code, 128 + SIGKILL);

    const std::uint64_t newest = newest_step();
    EXPECT_THAT(newest, AnyOf(2U, 3U));
    expect_next_save_cleans(newest);
  }
}

/// A save whose `fault` comes at each call in turn fails or does its work.
void SaveFault::expect_survived(const std::string& fault) {
  for (std::size_t call = 1; call <= calls_.size(); ++call) {
    SCOPED_TRACE(fmt::format("{} at call {}, {}", fault, call, calls_[call - 1]));
    const test::ProgramResult result = save_with(fmt::format("{}:{}", fault, call));

    EXPECT_THAT(result.code, AnyOf(0, 73, 74)) << result.err;
    const std::uint64_t newest = newest_step();
    EXPECT_THAT(newest, AnyOf(2U, 3U));
    if (result.code == 0) {
      EXPECT_EQ(newest, 3U);
    } else {
      EXPECT_THAT(result.err, HasSubstr(directory_.string()));
    }
    const std::string& name = calls_[call - 1];
    const bool may_fail =
        name.starts_with("rename") || name == "symlink" || name.starts_with("unlink");
    if (!may_fail) {
      EXPECT_NE(result.code, 0) << "a failed call of the save went unnoticed";
    }
    expect_next_save_cleans(newest);
  }
}

TEST_F(SaveFault, out_of_space_from_any_call_on_is_an_error_or_harmless) {
  expect_survived("ENOSPC+");
}

TEST_F(SaveFault, a_broken_device_at_any_call_is_an_error_or_harmless) {
  expect_survived("EIO");
}

TEST_F(SaveFault, short_writes_are_gone_on_with) {
  for (std::size_t call = 1; call <= calls_.size(); ++call) {
    if (!writes(call)) continue;
    SCOPED_TRACE(fmt::format("call {}", call));
    const test::ProgramResult result = save_with(fmt::format("short:{}", call));

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_EQ(newest_step(), 3U);
  }
}

TEST_F(SaveFault, what_is_written_otherwise_never_takes_the_place_of_an_older_one) {
  int found_out = 0;
  for (std::size_t call = 1; call <= calls_.size(); ++call) {
    if (!writes(call)) continue;
    SCOPED_TRACE(fmt::format("call {}", call));
    const test::ProgramResult result = save_with(fmt::format("flip:{}", call));

    EXPECT_THAT(result.code, AnyOf(0, 74)) << result.err;
    EXPECT_EQ(newest_step(), result.code == 0 ? 3U : 2U);
    found_out += static_cast<int>(result.code == 74);
  }
  EXPECT_GE(found_out, 5) << "tensors and manifest are written by more calls than that";
}

TEST_F(SaveFault, two_writers_killed_at_any_call_leave_the_newest_committed_one) {
  writers_ = "2";
  note_calls();
  for (std::size_t call = 1; call <= calls_.size(); ++call) {
    SCOPED_TRACE(fmt::format("call {}", call));
    EXPECT_THAT(save_with(fmt::format("kill:{}", call)).code, AnyOf(0, 128 + SIGKILL));

    const std::uint64_t newest = newest_step();
    EXPECT_THAT(newest, AnyOf(2U, 3U));
    expect_next_save_cleans(newest);
  }
}

TEST_F(SaveFault, two_writers_publish_nothing_that_one_of_them_could_not_write) {
  writers_ = "2";
  note_calls();
  for (std::size_t call = 1; call <= calls_.size(); call += 3)
    for (const char* fault : {"ENOSPC+", "EIO", "flip"}) {
      SCOPED_TRACE(fmt::format("{} at call {}", fault, call));
      const test::ProgramResult result = save_with(fmt::format("{}:{}", fault, call));

      EXPECT_THAT(result.code, AnyOf(0, 73, 74)) << result.err;
      EXPECT_EQ(newest_step(), fs::exists(directory_ / "step-00000003") ? 3U : 2U);
      if (result.code == 0) {
        EXPECT_EQ(newest_step(), 3U);
      }
    }
}

}  // namespace
}  // namespace rondo::checkpoint
