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

  /// Two ranks, of which `victim` gets the environment of a rank whose calls fail in the
  /// checkpoints that it helps to write.
  static ProgramResult run_with(const std::string& program, int victim, const std::string& fault) {
    const std::string environment = fmt::format(
        "env LD_PRELOAD={} ASAN_OPTIONS=\"$ASAN_OPTIONS:verify_asan_link_order=0\" RONDO_FAULT={} "
        "RONDO_FAULT_IN=.partial/ ",
        RONDO_FAULT_SHIM, fault);
    return run_program(fmt::format("{} : -np 1 {}",
                                   mpirun(1, (victim == 0 ? environment : "") + program),
                                   (victim == 1 ? environment : "") + program));
  }
  static std::string six_lanes(const std::string& run, const std::string& more) {
    return "--lanes 6 --reduce fixed --save-every 2 --output " + run + " " + more;
  }
  /// A run of two ranks, saved at step 2, one of which is the victim of `fault` when it goes on to
  /// step 8; it saves every second step.
  static ProgramResult go_on_with(const std::string& run, const std::string& fault,
                                  const std::string& more, int victim = 1) {
    EXPECT_EQ(train(2, six_lanes(run, "--steps 2")).code, 0);
    return run_with(trainer(six_lanes(run, "--steps 8 --resume " + more)), victim, fault);
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

/// All write, be the state spread over them or not.
const std::vector<std::string> all_write{"--sharding zero1", "--save-writers all"};

TEST_F(SaveWriters, of_whom_one_has_no_space_end_the_run_or_cost_checkpoints_only) {
  for (const std::string& options : all_write)
    for (const std::string policy : {"stop", "continue"}) {
      const std::string run = output("full-" + policy + options.substr(2, 4));

      const ProgramResult result =
          go_on_with(run, "ENOSPC+:1", options + " --save-failure " + policy);

      EXPECT_EQ(result.code, 74) << result.err;
      EXPECT_THAT(result.err, HasSubstr("writer 1 failed"));
      EXPECT_EQ(losses(run).size(), policy == "stop" ? 6U : 8U);
      EXPECT_TRUE(is_saved(run, 2));
      EXPECT_FALSE(is_saved(run, 4));
      EXPECT_EQ(verify(run), 0);
    }
}

TEST_F(SaveWriters, of_whom_one_fails_once_tell_why_and_save_the_next_time) {
  for (const std::string& options : all_write) {
    const std::string run = output("once" + options.substr(2, 4));

    const ProgramResult result = go_on_with(run, "EIO:1", options + " --save-failure continue");

    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("training goes on without a checkpoint"));
    EXPECT_THAT(result.err, HasSubstr("Input/output error"));
    EXPECT_FALSE(is_saved(run, 4));
    EXPECT_TRUE(is_saved(run, 8));
    EXPECT_EQ(verify(run), 0);
  }
}

TEST_F(SaveWriters, of_whom_one_dies_leave_the_older_checkpoint_to_go_on_from_on_other_ranks) {
  const std::string whole = output("undisturbed");
  ASSERT_EQ(train(1, six_lanes(whole, "--steps 8")).code, 0);
  int others = 1;
  for (const std::string& options : all_write)
    for (const int victim : {0, 1})
      for (const std::string fault : {"kill:1", "kill:3"}) {
        const std::string run = output(fmt::format("{}{}{}", fault, victim, options.substr(2, 4)));

        const ProgramResult result = go_on_with(run, fault, options, victim);

        EXPECT_NE(result.code, 0);
        EXPECT_TRUE(is_saved(run, 2));
        EXPECT_FALSE(is_saved(run, 4));
        EXPECT_EQ(verify(run), 0);
        const ProgramResult resumed = train(others, six_lanes(run, "--steps 8 --resume"));
        EXPECT_EQ(resumed.code, 0) << resumed.err;
        EXPECT_TRUE(is_saved(run, 8));
        EXPECT_EQ(final_hash(run), final_hash(whole)) << others << " ranks after " << fault;
        others = others == 1 ? 3 : 1;
      }
}

TEST_F(SaveWriters, are_all_of_a_large_model_without_being_told) {
  const std::string data = output("large.h5");
  write_learnable_idx(output("large-idx"), {.train = 60, .test = 20}, 80);
  ASSERT_EQ(run_program(fmt::format("{} convert idx --directory {} --output {}", RONDO_DATA_PROGRAM,
                                    output("large-idx"), data))
                .code,
            0);
  const auto large = [&](const std::string& run) {
    return trainer(
        fmt::format("--data {} --model mlp --optimizer adamw --lanes 2 --reduce fixed "
                    "--steps 2 --output {}",
                    data, run));
  };
  ASSERT_EQ(run_program(mpirun(1, large(output("large-1")))).code, 0);
  ASSERT_EQ(run_program(mpirun(2, large(output("large-2")))).code, 0);
  EXPECT_GT(newest_state(output("large-1")).size(), 16U << 20) << "8 MiB a rank";
  EXPECT_TRUE(newest_state(output("large-2")) == newest_state(output("large-1")));

  const ProgramResult failed = run_with(large(output("large-failed")), 1, "EIO:1");

  EXPECT_EQ(failed.code, 74);
  EXPECT_THAT(failed.err, HasSubstr("writer 1 failed"));
}

TEST_F(SaveWriters, are_one_where_another_may_only_read) {
  if (run_program("unshare --mount true").code != 0)
    GTEST_SKIP() << "a mount namespace is not permitted here";
  const std::string run = output("read-only");
  const std::string program = trainer(six_lanes(run, "--steps 4 --sharding zero1"));
  std::filesystem::create_directory(run);
  const std::string reader = fmt::format(
      "unshare --mount sh -c 'mount --bind {0} {0} && mount -o remount,bind,ro {0} && exec {1}'",
      run, program);

  const ProgramResult result =
      run_program(fmt::format("{} : -np 1 {}", mpirun(1, program), reader));

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("rank 1 does not see rank 0's"));
  EXPECT_THAT(result.err, HasSubstr("or may not write there"));
  EXPECT_TRUE(is_saved(run, 4));
}

}  // namespace
}  // namespace rondo::test
