// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The trainer as its users see it: the real program, under mpirun, on a real HDF5 file.

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/train_image_runs.hpp"

namespace rondo::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

TEST_F(TrainImage, learns_and_leaves_a_complete_run_directory) {
  const std::string run = output("complete");
  const ProgramResult result = train(2, "--lanes 4 --epochs 12 --output " + run);

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("test accuracy +(8[5-9]|9[0-9]|100)\\."));
  EXPECT_THAT(result.out, ContainsRegex("ranks +2 x 1 threads, .+"));
  EXPECT_THAT(result.out, ContainsRegex("lanes +4 x 16 samples"));
  EXPECT_THAT(result.out, HasSubstr(run));
  for (const char* file : {"config.toml", "metrics.ndjson", "curve.svg", "checkpoints"})
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(run) / file)) << file;
  EXPECT_EQ(losses(run).size(), 12U * 5);
  EXPECT_EQ(occurrences(result.err, "\r"), 0U) << "plain lines where no terminal is";
}

TEST_F(TrainImage, the_same_lanes_on_1_2_and_4_ranks_agree_in_loss) {
  std::map<int, std::map<int, double>> by_ranks;
  for (const int ranks : {1, 2, 4}) {
    const std::string run = output(fmt::format("parity{}", ranks));
    ASSERT_EQ(train(ranks, "--lanes 4 --epochs 10 --steps 50 --lr 0.01 --output " + run).code, 0);
    by_ranks[ranks] = losses(run);
    ASSERT_EQ(by_ranks[ranks].size(), 50U);
  }
  for (const int ranks : {2, 4}) {
    for (const auto& [step, loss] : by_ranks[1])
      EXPECT_NEAR(by_ranks[ranks][step], loss, 1e-5 * loss) << ranks << " ranks, step " << step;
  }
}

TEST_F(TrainImage, fixed_gives_the_same_bits_on_any_number_of_ranks) {
  for (const std::string precision : {"f32", "bf16", "f16"}) {
    const auto hashes = hashes_of(
        {1, 2, 3, 4},
        fmt::format("--model cnn --lanes 4 --epochs 2 --reduce fixed --precision {}", precision));
    EXPECT_EQ(hashes[0].size(), 16U);
    EXPECT_THAT(hashes, testing::Each(hashes[0])) << precision;
  }
}

TEST_F(TrainImage, fixed_gives_resnets_the_same_bits_on_any_number_of_ranks) {
  for (const std::string model : {"resnet18", "resnet50"}) {
    const auto hashes = hashes_of(
        {1, 2, 4},
        fmt::format("--model {} --lanes 4 --batch 3 --steps 2 --reduce fixed --sharding zero1",
                    model));
    EXPECT_EQ(hashes[0].size(), 16U);
    EXPECT_THAT(hashes, testing::Each(hashes[0])) << model;
  }
}

TEST_F(TrainImage, resnet18_learns) {
  const std::string run = output("resnet18-learns");
  const ProgramResult result =
      train(2, "--model resnet18 --lanes 4 --batch 6 --steps 24 --output " + run);

  ASSERT_EQ(result.code, 0) << result.err;
  const auto by_step = losses(run);
  EXPECT_LT(by_step.at(24), 0.6 * by_step.at(1));
}

TEST_F(TrainImage, fixed_gives_the_same_bits_with_all_that_is_drawn_at_random) {
  const std::string options =
      "--model cnn --lanes 6 --batch 8 --epochs 1 --reduce fixed --precision bf16 --flip --shift 2 "
      "--resized-crop --image-size 14 "
      "--rounding stochastic --output ";
  std::vector<std::string> hashes;
  for (const int ranks : {1, 2, 3, 4, 6}) {
    const std::string run = output(fmt::format("random-{}", ranks));
    ASSERT_EQ(train(ranks, "--dropout 0.4 " + options + run).code, 0);
    hashes.push_back(final_hash(run));
  }
  const std::string pieces = output("random-pieces");
  ASSERT_EQ(train(4, "--dropout 0.4 " + options + pieces + " --steps 2").code, 0);
  ASSERT_EQ(train(3, "--dropout 0.4 --resume " + options + pieces).code, 0);
  hashes.push_back(final_hash(pieces));
  const std::string without = output("random-without");
  ASSERT_EQ(train(2, options + without).code, 0);

  EXPECT_EQ(hashes[0].size(), 16U);
  EXPECT_THAT(hashes, testing::Each(hashes[0]));
  EXPECT_NE(final_hash(without), hashes[0]) << "dropout must do something";
}

TEST_F(TrainImage, base_batch_scales_the_rate_by_the_global_batch_whatever_the_ranks) {
  for (const int ranks : {1, 2}) {
    const std::string run = output(fmt::format("scaled-{}", ranks));
    ASSERT_EQ(
        train(ranks, "--lanes 4 --steps 1 --warmup 0 --lr 0.01 --base-batch 32 --output " + run)
            .code,
        0);
    EXPECT_FLOAT_EQ(static_cast<float>(first_rate(run)), 0.02F);  // 4 x 16 samples a step
  }
}

TEST_F(TrainImage, runs_alone_and_says_so) {
  const std::string run = output("alone");
  const ProgramResult result = run_program(trainer("--steps 2 --output " + run));

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("one rank"));
}

TEST_F(TrainImage, compression_learns_and_resumes_with_the_bits_of_an_uninterrupted_run) {
  const std::string options =
      "--lanes 4 --epochs 6 --compression topk --topk-fraction 0.1 --topk-warmup 10 --output ";
  const std::string whole = output("compressed-whole");
  const std::string pieces = output("compressed-pieces");
  const ProgramResult uninterrupted = train(2, options + whole);
  ASSERT_EQ(uninterrupted.code, 0) << uninterrupted.err;

  ASSERT_EQ(train(2, options + pieces + " --steps 7").code, 0);
  ASSERT_EQ(train(2, options + pieces + " --resume").code, 0);

  EXPECT_EQ(final_hash(pieces), final_hash(whole));
  EXPECT_THAT(uninterrupted.out, HasSubstr("compression topk"));
  EXPECT_LT(losses(whole).rbegin()->second, 0.7 * losses(whole)[1]);
}

TEST_F(TrainImage, printed_configuration_trains_the_same) {
  const ProgramResult printed = run_program(trainer("--lanes 2 --steps 3 --print-config"));
  ASSERT_EQ(printed.code, 0) << printed.err;
  std::ofstream(output("printed.toml")) << printed.out;

  const std::string from_file = output("from-file");
  ASSERT_EQ(
      run_program(mpirun(2, fmt::format("{} --config {} --output {}", RONDO_TRAIN_IMAGE_PROGRAM,
                                        output("printed.toml"), from_file)))
          .code,
      0);
  const std::string from_options = output("from-options");
  ASSERT_EQ(train(2, "--lanes 2 --steps 3 --output " + from_options).code, 0);
  EXPECT_EQ(final_hash(from_file), final_hash(from_options));
}

TEST_F(TrainImage, sharding_changes_no_bit_and_is_reported) {
  const std::string options =
      "--lanes 6 --reduce fixed --precision bf16 --steps 8 --optimizer lamb --clip-norm 0.5 "
      "--output ";
  const std::string plain = output("unsharded");
  ASSERT_EQ(train(2, options + plain).code, 0);

  const std::string sharded = output("sharded");
  ASSERT_EQ(train(3, options + sharded + " --sharding zero1 --bucket-bytes 8K --steps 3").code, 0);
  const ProgramResult result = train(2, "--sharding zero2 --resume " + options + sharded);

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_FALSE(final_hash(plain).empty());
  EXPECT_EQ(final_hash(sharded), final_hash(plain));
  EXPECT_THAT(result.out, HasSubstr("fixed, sharding zero2 in one pass"));
  EXPECT_THAT(result.out,
              ContainsRegex("memory a rank +planned [0-9.]+ MiB, [0-9.]+ in a step; measured"));
}

}  // namespace
}  // namespace rondo::test
