// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// How the trainer ends when something is wrong: the exit code, and one message.

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/train_image_runs.hpp"
#include "support/small_disk.hpp"

namespace rondo::test {
namespace {

using testing::HasSubstr;

TEST_F(TrainImage, a_silent_rank_ends_the_job_with_75_instead_of_hanging_it) {
  const std::string options = "--lanes 2 --epochs 2000 --time-limit 2 --output " + output("silent");
  const std::string silent =
      fmt::format("sh -c '(sleep 3; kill -STOP $$) & exec {}'", trainer(options));
  // Two seconds for the awoken rank to have its say, as on a busy machine.
  const ProgramResult result = run_program("OMPI_MCA_odls_base_sigkill_timeout=2 " +
                                           mpirun(1, trainer(options)) + " : -np 1 " + silent);

  EXPECT_EQ(result.code, 75) << result.err;
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("rank 1"));
  EXPECT_LT(result.seconds, 20);
}

TEST_F(TrainImage, a_read_that_never_ends_ends_the_job_with_74_and_names_the_file) {
  const std::string options = "--lanes 2 --epochs 2000 --output " + output("hanging-read");
  const std::string hanging = fmt::format(
      "env LD_PRELOAD={} RONDO_SLOW_FILE={} RONDO_SLOW_MILLISECONDS=10000000 "
      "RONDO_CALL_LIMIT=0.4 {}",
      RONDO_SLOW_READS, data_file(), trainer(options));
  const ProgramResult result = run_program(mpirun(1, trainer(options)) + " : -np 1 " + hanging);

  EXPECT_EQ(result.code, 74) << result.err;
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("[rank 1] error: " + data_file() + ": reading "));
  EXPECT_THAT(result.err, HasSubstr("its disk or file system does not answer"));
}

TEST_F(TrainImage, a_full_disk_is_74_with_nothing_half_written) {
  const SmallDisk disk("64k");
  if (!disk.failure().empty()) GTEST_SKIP() << disk.failure();
  const std::filesystem::path run = disk.path() / "run";

  const ProgramResult result = train(2, "--lanes 2 --steps 2 --output " + run.string());

  EXPECT_EQ(result.code, 74) << result.err;
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("No space left"));
  EXPECT_TRUE(std::filesystem::is_empty(run / "checkpoints"));
}

TEST_F(TrainImage, a_full_disk_ends_the_run_or_costs_checkpoints_only) {
  const SmallDisk disk("4m");
  if (!disk.failure().empty()) GTEST_SKIP() << disk.failure();
  for (const std::string policy : {"stop", "continue"}) {
    const std::filesystem::path run = output("full-" + policy);
    std::filesystem::create_directories(run);
    std::filesystem::create_directories(disk.path() / policy);
    std::filesystem::create_directory_symlink(disk.path() / policy, run / "checkpoints");
    const std::string options = "--lanes 2 --resume --output " + run.string();
    ASSERT_EQ(train(2, "--steps 2 " + options).code, 0);
    const auto filler = disk.path() / "filler";
    std::ofstream(filler) << std::string(std::filesystem::space(disk.path()).available - 20'000,
                                         'x');

    const ProgramResult result =
        train(2, "--steps 8 --save-every 2 --save-failure " + policy + " " + options);

    EXPECT_EQ(result.code, 74) << result.err;
    EXPECT_THAT(result.err, HasSubstr("No space left"));
    EXPECT_EQ(losses(run.string()).size(), policy == "stop" ? 6U : 8U);
    EXPECT_EQ(run_program(fmt::format("{} verify {}", RONDO_CKPT_PROGRAM, run.string())).code, 0);
    EXPECT_TRUE(std::filesystem::exists(run / "checkpoints" / "step-00000002"));
    std::filesystem::remove(filler);
  }
}

TEST_F(TrainImage, a_missing_file_is_66_once) {
  const ProgramResult result = run_program(
      mpirun(3, fmt::format("{} --data /nowhere/data.h5 --lanes 3", RONDO_TRAIN_IMAGE_PROGRAM)));

  EXPECT_EQ(result.code, 66);
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("/nowhere/data.h5"));
}

TEST_F(TrainImage, a_file_missing_on_one_rank_ends_all_ranks_within_5_s_with_one_message) {
  const std::string good = trainer("--lanes 3 --output " + output("one-rank"));
  const std::string bad = fmt::format("{} --data /nowhere/data.h5 --lanes 3 --output {}",
                                      RONDO_TRAIN_IMAGE_PROGRAM, output("one-rank"));
  const ProgramResult result =
      run_program(mpirun(1, good) + " : -np 1 " + bad + " : -np 1 " + good);

  EXPECT_EQ(result.code, 66);
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("rank 1"));
  EXPECT_LT(result.seconds, 5);
}

TEST_F(TrainImage, more_ranks_than_lanes_is_78_with_both_ways_out) {
  const ProgramResult result = train(3, "--lanes 2 --output " + output("too-many"));

  EXPECT_EQ(result.code, 78);
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("mpirun -np 2"));
  EXPECT_THAT(result.err, HasSubstr("--lanes 3"));
}

TEST_F(TrainImage, fewer_samples_than_lanes_is_65_with_the_ways_out) {
  const ProgramResult result = train(2, "--lanes 301 --output " + output("too-few"));

  EXPECT_EQ(result.code, 65);
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("at least as many samples as lanes (301), found 300"));
  EXPECT_THAT(result.err, HasSubstr("--lanes"));
}

TEST_F(TrainImage, ranks_with_different_options_are_refused_once) {
  const std::string options = trainer("--lanes 2 --epochs 1 --output " + output("unlike"));
  const ProgramResult result =
      run_program(mpirun(1, options) + " : -np 1 " + options + " --seed 9");

  EXPECT_EQ(result.code, 70) << result.err;
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("seed: 9  <-  rank 0: seed: 1"));
}

TEST_F(TrainImage, compression_with_fixed_or_sharding_is_78) {
  const std::string options = "--lanes 2 --compression topk --output " + output("incompatible");
  const ProgramResult fixed = train(2, options + " --reduce fixed");
  const ProgramResult sharded = train(2, options + " --sharding zero1");

  EXPECT_EQ(fixed.code, 78);
  EXPECT_EQ(occurrences(fixed.err, "error:"), 1U) << fixed.err;
  EXPECT_THAT(fixed.err, HasSubstr("topk does not go with the fixed reduction"));
  EXPECT_EQ(sharded.code, 78);
  EXPECT_THAT(sharded.err, HasSubstr("topk does not go with sharding zero1"));
}

TEST_F(TrainImage, an_option_that_means_nothing_beside_the_others_is_78) {
  const std::map<std::string, std::string> complaints{
      {"--optimizer adamw --momentum 0.5", "--momentum means nothing with --optimizer adamw"},
      {"--beta1 0.8", "--beta1 means nothing with --optimizer sgd: leave it out, or choose adam"},
      {"--optimizer adafactor --beta2 0.8", "--beta2 means nothing with --optimizer adafactor"},
      {"--optimizer lion --epsilon 1e-6", "--epsilon means nothing with --optimizer lion"},
      {"--trust-coefficient 0.1", "--trust-coefficient means nothing with --optimizer sgd"},
      {"--schedule step --final-fraction 0.1",
       "--final-fraction means nothing with --schedule step"},
      {"--power 3", "--power means nothing with --schedule cosine: leave it out, or choose poly"},
      {"--topk-warmup 9", "--topk-warmup means nothing with --compression none"},
      {"--topk-fraction 0.5", "--topk-fraction means nothing with --compression none"},
      {"--loss-scale 8", "--loss-scale means nothing with --precision f32"},
      {"--loss-scale-growth-interval 50",
       "--loss-scale-growth-interval means nothing with --precision f32"},
      {"--lanes 2 --accumulate 2", "--accumulate means nothing with --lanes"}};
  for (const auto& [options, complaint] : complaints) {
    const ProgramResult result =
        run_program(trainer(options + " --output " + output("meaningless")));
    EXPECT_EQ(result.code, 78) << options;
    EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr(complaint));
  }
}

TEST_F(TrainImage, a_dropout_outside_of_0_to_1_is_2) {
  for (const std::string value : {"1", "-0.1", "nan"}) {
    const ProgramResult result = run_program(trainer("--dropout " + value));
    EXPECT_EQ(result.code, 2) << value;
    EXPECT_THAT(result.err, HasSubstr("--dropout"));
  }
}

TEST_F(TrainImage, an_unknown_option_is_2_with_the_nearest_name) {
  const ProgramResult result = train(2, "--epoch 3");

  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("--epochs"));
}

TEST_F(TrainImage, an_output_directory_that_cannot_be_made_is_73) {
  std::ofstream(output("plain-file")) << "not a directory";
  const ProgramResult result = train(2, "--lanes 2 --output " + output("plain-file/run"));

  EXPECT_EQ(result.code, 73);
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("plain-file"));
}

TEST_F(TrainImage, a_diverging_run_is_86_before_the_parameters_are_lost) {
  const std::string run = output("diverging");
  const ProgramResult result =
      train(2, "--lanes 2 --epochs 4 --warmup 0 --lr 1e30 --output " + run);

  EXPECT_EQ(result.code, 86);
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("nothing was updated"));
}

}  // namespace
}  // namespace rondo::test
