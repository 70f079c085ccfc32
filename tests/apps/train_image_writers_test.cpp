// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints that one rank writes, or all of them, in the real program.

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/train_image_runs.hpp"
#include "support/io_errors.hpp"

namespace rondo::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Life {
  std::string writers;
  std::string sharding;
  int ranks;
};

std::vector<Life> all_lives() {
  std::vector<Life> lives;
  for (const char* writers : {"one", "all"})
    for (const char* sharding : {"none", "zero1", "zero2"})
      for (const int ranks : {2, 3})
        lives.push_back({writers, sharding, ranks});
  return lives;
}

/// Trainings with the same bits on any number of ranks, whose shards begin inside of tensors.
class SaveWriters : public TrainImage {
 protected:
  static ProgramResult train_fixed(int ranks, const std::string& options) {
    return train(ranks, "--lanes 6 --reduce fixed --optimizer adamw --bucket-bytes 64K " + options);
  }
  static std::string newest_state(const std::string& run) {
    return read_file(fs::path(run) / "checkpoints" / "latest" / "state.h5");
  }

  /// A run of two ranks, saved at step 2, whose second rank is `victim` when it goes on to step 8;
  /// it saves every second step.
  static ProgramResult go_on_with(const std::string& run, const std::string& victim,
                                  const std::string& more) {
    const std::string options =
        "--lanes 2 --sharding zero1 --save-every 2 --resume --output " + run + " ";
    EXPECT_EQ(train(2, "--steps 2 " + options).code, 0);
    const std::string program = trainer("--steps 8 " + options + more);
    return run_program(fmt::format("{} : -np 1 env {} {}", mpirun(1, program), victim, program));
  }
  /// The environment of a rank whose calls fail in the checkpoints that it helps to write.
  static std::string faulty(const std::string& fault) {
    return fmt::format(
        "LD_PRELOAD={} ASAN_OPTIONS=\"$ASAN_OPTIONS:verify_asan_link_order=0\" RONDO_FAULT={} "
        "RONDO_FAULT_IN=.partial/",
        RONDO_FAULT_SHIM, fault);
  }
  static bool is_saved(const std::string& run, int step) {
    return fs::exists(fs::path(run) / "checkpoints" / fmt::format("step-{:08}", step));
  }
  static int verify(const std::string& run) {
    return run_program(fmt::format("{} verify {}", RONDO_CKPT_PROGRAM, run)).code;
  }
};

TEST_F(SaveWriters, one_or_all_save_the_same_bytes_which_other_ranks_load) {
  const std::string whole = output("whole");
  ASSERT_EQ(train_fixed(1, "--steps 4 --output " + whole).code, 0);
  const std::string alone = output("alone");
  ASSERT_EQ(train_fixed(1, "--steps 2 --output " + alone).code, 0);
  ASSERT_GT(newest_state(alone).size(), 100'000U);

  for (const auto& [writers, sharding, ranks] : all_lives()) {
    SCOPED_TRACE(fmt::format("{} of {} ranks, sharding {}", writers, ranks, sharding));
    const std::string run = output(fmt::format("{}-{}-{}", writers, sharding, ranks));
    const ProgramResult saved =
        train_fixed(ranks, fmt::format("--steps 2 --save-writers {} --sharding {} --output {}",
                                       writers, sharding, run));
    ASSERT_EQ(saved.code, 0) << saved.err;
    EXPECT_TRUE(newest_state(run) == newest_state(alone));

    const int others = 5 - ranks;
    const ProgramResult resumed = train_fixed(others, "--steps 4 --resume --output " + run);

    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(final_hash(run), final_hash(whole));
  }
}

TEST_F(SaveWriters, of_whom_one_has_no_space_end_the_run_or_cost_checkpoints_only) {
  for (const std::string policy : {"stop", "continue"}) {
    const std::string run = output("full-" + policy);

    const ProgramResult result = go_on_with(run, faulty("ENOSPC+:1"), "--save-failure " + policy);

    EXPECT_EQ(result.code, 74) << result.err;
    EXPECT_THAT(result.err, HasSubstr("writer 1 failed"));
    EXPECT_EQ(losses(run).size(), policy == "stop" ? 6U : 8U);
    EXPECT_TRUE(is_saved(run, 2));
    EXPECT_FALSE(is_saved(run, 4));
    EXPECT_EQ(verify(run), 0);
  }
}

TEST_F(SaveWriters, of_whom_one_fails_once_tell_why_and_save_the_next_time) {
  const std::string run = output("once");

  const ProgramResult result = go_on_with(run, faulty("EIO:1"), "--save-failure continue");

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("training goes on without a checkpoint"));
  EXPECT_THAT(result.err, HasSubstr("Input/output error"));
  EXPECT_FALSE(is_saved(run, 4));
  EXPECT_TRUE(is_saved(run, 8));
  EXPECT_EQ(verify(run), 0);
}

TEST_F(SaveWriters, of_whom_one_dies_leave_the_older_checkpoint_to_go_on_from) {
  const std::string run = output("dies");

  const ProgramResult result = go_on_with(run, faulty("kill:1"), "");

  EXPECT_NE(result.code, 0);
  EXPECT_TRUE(is_saved(run, 2));
  EXPECT_FALSE(is_saved(run, 4));
  EXPECT_EQ(verify(run), 0);
  const ProgramResult resumed = train(1, "--lanes 2 --resume --steps 8 --output " + run);
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_TRUE(is_saved(run, 8));
}

}  // namespace
}  // namespace rondo::test
