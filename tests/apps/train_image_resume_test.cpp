// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Runs that are stopped, resumed, or in the way of another, in the real program.

#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/train_image_runs.hpp"

namespace rondo::test {
namespace {

using testing::HasSubstr;

TEST_F(TrainImage, a_stopped_and_resumed_run_ends_with_the_bits_of_an_uninterrupted_one) {
  for (const std::string optimizer : {"sgd --lr 0.05", "adamw --lr 0.001"}) {
    const std::string name = optimizer.substr(0, 3);
    const std::string options = "--lanes 4 --epochs 3 --optimizer " + optimizer + " --output ";
    const std::string whole = output("whole-" + name);
    const std::string pieces = output("pieces-" + name);
    ASSERT_EQ(train(2, options + whole).code, 0);

    ASSERT_EQ(train(2, options + pieces + " --steps 7").code, 0);
    const ProgramResult resumed = train(2, options + pieces + " --resume");

    ASSERT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(final_hash(pieces), final_hash(whole));
    EXPECT_EQ(losses(pieces), losses(whole));
  }
}

TEST_F(TrainImage, stopped_and_resumed_on_4_3_1_and_2_ranks_it_ends_with_the_same_bits) {
  struct Life {
    int ranks;
    std::string options;
  };
  const std::vector<Life> lives = {{4, "--sharding zero2 --bucket-bytes 4K --steps 2"},
                                   {3, "--steps 5 --resume"},
                                   {1, "--sharding zero1 --steps 6 --resume"},
                                   {2, "--sharding zero1 --resume"}};
  const std::string cases[] = {"--precision f32 --optimizer sgd",
                               "--precision bf16 --optimizer adamw",
                               "--precision f16 --optimizer lamb --loss-scale 32768"};
  for (const std::string& options : cases) {
    const std::string whole = output("chain-whole" + options);
    const std::string pieces = output("chain-pieces" + options);
    const auto run = [&](int ranks, const std::string& more, const std::string& directory) {
      const ProgramResult result =
          train(ranks, fmt::format("--model cnn --epochs 2 --reduce fixed {} {} --output '{}'",
                                   options, more, directory));
      EXPECT_EQ(result.code, 0) << result.err;
    };
    run(4, "", whole);

    for (const Life& life : lives)
      run(life.ranks, life.options, pieces);

    EXPECT_EQ(final_hash(whole).size(), 16U);
    EXPECT_EQ(final_hash(pieces), final_hash(whole)) << options;
  }
}

TEST_F(TrainImage, resuming_with_other_threads_is_a_warning) {
  const std::string options = "--lanes 2 --output " + output("threads");
  ASSERT_EQ(train(2, options + " --steps 1").code, 0);

  const ProgramResult same = train(2, options + " --resume --steps 2");
  const ProgramResult other = train(2, options + " --resume --steps 3 --threads 2");

  EXPECT_EQ(other.code, 0) << other.err;
  EXPECT_EQ(occurrences(same.err, "written with threads"), 0U) << same.err;
  EXPECT_EQ(occurrences(other.err, "written with threads 1, and the run goes on with 2"), 1U)
      << other.err;
}

TEST_F(TrainImage, a_stop_signal_to_one_rank_leaves_with_a_checkpoint_and_75) {
  const std::string run = output("signalled");
  const std::string options = "--lanes 2 --epochs 2000 --output " + run;
  // The second rank signals itself: its shell becomes the trainer.
  const std::string signalled =
      fmt::format("sh -c '(sleep 3; kill -USR1 $$) & exec {}'", trainer(options));
  const ProgramResult result = run_program(mpirun(1, trainer(options)) + " : -np 1 " + signalled);

  EXPECT_EQ(result.code, 75) << result.err;
  const std::size_t stopped_at = losses(run).size();
  ASSERT_GT(stopped_at, 0U);

  const ProgramResult resumed =
      train(2, fmt::format("--resume --steps {} {}", stopped_at + 2, options));
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(losses(run).size(), stopped_at + 2);
}

TEST_F(TrainImage, resuming_with_another_compression_is_78) {
  const std::string run = output("other-compression");
  ASSERT_EQ(train(2, "--lanes 2 --steps 2 --compression topk --output " + run).code, 0);

  const ProgramResult result = train(2, "--lanes 2 --resume --output " + run);

  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(
      result.err,
      HasSubstr("compression: checkpoint topk, fraction 0.05, warm-up 200 steps, now none"));
}

TEST_F(TrainImage, resuming_another_run_is_78_and_leaves_it_alone) {
  const std::string run = output("other");
  ASSERT_EQ(train(2, "--lanes 2 --steps 2 --output " + run).code, 0);

  const ProgramResult result = train(2, "--lanes 2 --steps 4 --seed 9 --resume --output " + run);

  EXPECT_EQ(result.code, 78);
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("seed: checkpoint 1, now 9"));
  EXPECT_EQ(losses(run).size(), 2U);
}

TEST_F(TrainImage, resuming_names_every_option_that_differs) {
  const std::string run = output("other-options");
  const std::string options =
      "--lanes 2 --optimizer adamw --schedule polynomial --lr 0.001 --output " + run;
  ASSERT_EQ(train(2, options + " --steps 2 --beta1 0.9 --power 2").code, 0);

  const ProgramResult same = train(2, options + " --resume --steps 3 --beta2 0.999");
  const ProgramResult other = train(2, options +
                                           " --resume --beta1 0.8 --epsilon 1e-6 --power 3 "
                                           "--final-fraction 0.1 --base-batch 64 --dropout 0.5");

  EXPECT_EQ(same.code, 0) << "defaults that are spelled out are the same: " << same.err;
  EXPECT_EQ(other.code, 78);
  for (const char* difference :
       {"adamw, betas 0.8 and 0.999, epsilon 1e-06", "power: checkpoint 2, now 3",
        "final-fraction: checkpoint 0, now 0.1", "base-batch: checkpoint off, now 64",
        "dropout: checkpoint 0, now 0.5"})
    EXPECT_THAT(other.err, HasSubstr(difference));
}

TEST_F(TrainImage, its_last_checkpoint_has_the_hash_that_it_prints) {
  const std::string run = output("hashed");
  ASSERT_EQ(train(2, "--lanes 2 --steps 3 --output " + run).code, 0);

  const ProgramResult hash = run_program(fmt::format("{} hash {}", RONDO_CKPT_PROGRAM, run));

  EXPECT_EQ(hash.code, 0) << hash.err;
  EXPECT_EQ(hash.out, final_hash(run) + "\n");
}

TEST_F(TrainImage, saves_and_keeps_as_it_is_told) {
  const std::string run = output("saved");
  const ProgramResult result =
      train(1, "--lanes 4 --steps 12 --save-every 3 --keep 2 --keep-every 5 --output " + run);

  ASSERT_EQ(result.code, 0) << result.err;
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(run) / "checkpoints"))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, testing::UnorderedElementsAre("latest", "step-00000005", "step-00000010",
                                                   "step-00000012"))
      << "of 3, 5 (an epoch's end), 6, 9, 10 and 12";
}

TEST_F(TrainImage, a_finished_run_is_not_overwritten_unless_told_to) {
  const std::string run = output("finished");
  ASSERT_EQ(train(2, "--lanes 2 --steps 3 --output " + run).code, 0);
  const std::string hash = final_hash(run);

  const ProgramResult refused = train(2, "--lanes 2 --steps 2 --output " + run);
  EXPECT_EQ(refused.code, 78);
  EXPECT_EQ(occurrences(refused.err, "error:"), 1U) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("--overwrite"));
  EXPECT_EQ(final_hash(run), hash);

  EXPECT_EQ(train(2, "--lanes 2 --steps 2 --overwrite --output " + run).code, 0);
  EXPECT_EQ(train(2, "--lanes 2 --steps 3 --resume --output " + run).code, 0);
  EXPECT_EQ(final_hash(run), hash) << "the old checkpoint of step 3 must not be found";
}

TEST_F(TrainImage, a_refused_start_does_not_give_up_the_run_before) {
  const std::string run = output("kept");
  ASSERT_EQ(train(2, "--lanes 2 --steps 3 --output " + run).code, 0);

  EXPECT_EQ(train(3, "--lanes 2 --overwrite --output " + run).code, 78);
  for (const std::string refused :
       {"--optimizer adafactor --sharding zero1", "--schedule wsd --warmup 0.9",
        "--schedule one-cycle --warmup 0"}) {
    const ProgramResult result = train(2, "--lanes 2 --overwrite --output " + run + " " + refused);
    EXPECT_EQ(result.code, 78) << refused;
    EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  }

  EXPECT_FALSE(std::filesystem::is_empty(std::filesystem::path(run) / "checkpoints"));
}

TEST_F(TrainImage, resuming_with_other_data_is_78) {
  const std::string run = output("other-data");
  ASSERT_EQ(train(2, "--lanes 2 --steps 2 --output " + run).code, 0);
  const std::string other = output("small.h5.other/small.h5");
  std::filesystem::create_directories(std::filesystem::path(other).parent_path());
  write_learnable_idx(directory_->path() / "other-idx", {.train = 310, .test = 80});
  ASSERT_EQ(run_program(fmt::format("{} convert idx --directory {} --output {}", RONDO_DATA_PROGRAM,
                                    output("other-idx"), other))
                .code,
            0);

  const ProgramResult result =
      train(2, fmt::format("--data {} --lanes 2 --resume --output {}", other, run));

  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(result.err, HasSubstr("data: checkpoint 300 samples"));
}

}  // namespace
}  // namespace rondo::test
