// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/run_lock.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rondo/base/error.hpp"

#include "job/fake_program.hpp"
#include "job/lock_holder.hpp"
#include "support/child_process.hpp"
#include "support/refuse_system_call.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::job {
namespace {

using testing::HasSubstr;

class RunLockTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"SLURM_JOB_ID", "SLURM_RESTART_COUNT"})
      ::unsetenv(name);
  }

  void leave_behind(const std::string& text) const {
    std::filesystem::create_directories(run_);
    std::ofstream(run_ / "lock") << text;
  }

  /// Why the lock is not to be had; empty if it is, with what was said then in `warning_`.
  std::string refusal() {
    testing::internal::CaptureStderr();
    std::string reason;
    try {
      const RunLock lock(run_);
    } catch (const IoError& error) {
      EXPECT_EQ(error.code(), ExitCode::cannot_create);
      reason = error.what();
    }
    warning_ = testing::internal::GetCapturedStderr();
    return reason;
  }

  /// The same on a file system that has no locks.
  std::string refusal_without_locks() {
    const auto answer = directory_.path() / "answer";
    test::ChildProcess child([&] {
      if (!test::refuse_system_call(SYS_flock, ENOLCK)) ::_exit(1);
      const std::string reason = refusal();
      std::ofstream(answer) << reason << warning_;
    });
    EXPECT_TRUE(child.succeeds());
    std::string text;
    std::getline(std::ifstream(answer), text);
    return text;
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path run_ = directory_.path() / "runs" / "first";
  std::string warning_;
  LockHolder elsewhere_{.host = "node7", .process = 4711, .started = 1, .job = "", .restarts = ""};
};

TEST_F(RunLockTest, makes_the_directory_and_leaves_no_trace) {
  {
    const RunLock lock(run_);
    EXPECT_TRUE(std::filesystem::exists(run_ / "lock"));
  }
  EXPECT_FALSE(std::filesystem::exists(run_));
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(warning_, "");
}

TEST_F(RunLockTest, leaves_a_directory_that_was_there_or_is_used) {
  std::filesystem::create_directories(run_);
  { const RunLock lock(run_); }
  EXPECT_TRUE(std::filesystem::is_empty(run_));

  const auto used = directory_.path() / "used";
  {
    const RunLock lock(used);
    std::ofstream(used / "metrics.ndjson") << "{}\n";
  }
  EXPECT_TRUE(std::filesystem::exists(used / "metrics.ndjson"));
  EXPECT_FALSE(std::filesystem::exists(used / "lock"));
}

TEST_F(RunLockTest, refuses_a_second_job_and_names_the_first) {
  ::setenv("SLURM_JOB_ID", "417", 1);
  const RunLock lock(run_);

  const std::string reason = refusal();

  EXPECT_THAT(reason, HasSubstr(run_.string()));
  EXPECT_THAT(reason, HasSubstr(describe(this_process())));
  EXPECT_THAT(reason, HasSubstr("Slurm job 417"));
  EXPECT_TRUE(std::filesystem::exists(run_ / "lock")) << "the first still has it";
}

TEST_F(RunLockTest, of_a_killed_job_is_taken_over_with_a_warning) {
  test::ChildProcess child([&] {
    const RunLock lock(run_);
    ::pause();
  });
  std::error_code not_yet;
  while (std::filesystem::file_size(run_ / "lock", not_yet) == 0 || not_yet)
    ::usleep(1000);
  EXPECT_NE(refusal(), "");
  child.kill();

  EXPECT_EQ(refusal(), "");
  EXPECT_THAT(warning_, HasSubstr("which is gone"));
}

TEST_F(RunLockTest, without_locks_of_the_file_system_is_refused_while_the_holder_runs) {
  leave_behind(to_text(this_process()));

  EXPECT_THAT(refusal_without_locks(), HasSubstr("in use by process"));
}

TEST_F(RunLockTest, without_locks_another_process_of_the_same_number_is_no_holder) {
  LockHolder before = this_process();
  before.started -= 1;
  leave_behind(to_text(before));

  EXPECT_THAT(refusal_without_locks(), HasSubstr("taken over"));
}

TEST_F(RunLockTest, without_locks_nobody_knows_of_another_host) {
  leave_behind(to_text(elsewhere_));

  const std::string reason = refusal_without_locks();

  EXPECT_THAT(reason, HasSubstr("process 4711 on node7"));
  EXPECT_THAT(reason, HasSubstr("if it is gone, remove"));
}

TEST_F(RunLockTest, without_locks_an_earlier_life_of_the_same_job_is_gone) {
  elsewhere_.job = "417";
  leave_behind(to_text(elsewhere_));
  ::setenv("SLURM_JOB_ID", "417", 1);
  ::setenv("SLURM_RESTART_COUNT", "1", 1);

  EXPECT_THAT(refusal_without_locks(), HasSubstr("taken over"));
}

TEST_F(RunLockTest, of_a_job_that_slurm_does_not_know_is_taken_over) {
  const test::FakeProgram squeue(
      "squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
  elsewhere_.job = "417";
  leave_behind(to_text(elsewhere_));

  EXPECT_THAT(refusal_without_locks(), HasSubstr("taken over"));
}

TEST_F(RunLockTest, of_a_job_that_slurm_runs_is_refused_although_no_lock_reaches_across_hosts) {
  const test::FakeProgram squeue("squeue", "echo RUNNING");
  elsewhere_.job = "417";
  leave_behind(to_text(elsewhere_));

  EXPECT_THAT(refusal(), HasSubstr("process 4711 on node7 (Slurm job 417)"));
}

TEST_F(RunLockTest, does_not_wait_for_a_slurm_that_hangs) {
  const test::FakeProgram squeue("squeue", "sleep 60");
  elsewhere_.job = "417";
  leave_behind(to_text(elsewhere_));

  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal(), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(45));
}

TEST_F(RunLockTest, with_a_text_that_nobody_wrote_is_decided_by_the_file_system) {
  leave_behind("{\"host\": 7}");

  EXPECT_EQ(refusal(), "");
  leave_behind("half a te");
  EXPECT_THAT(refusal_without_locks(), HasSubstr("if it is gone, remove"));
}

}  // namespace
}  // namespace rondo::job
