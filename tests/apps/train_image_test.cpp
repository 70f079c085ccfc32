// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// The trainer as its users see it: the real program, under mpirun, on a real HDF5 file.

#include <chrono>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/idx_files.hpp"
#include "support/run_program.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

/// One small data set for all tests: 300 + 80 images of 12 x 12 in 10 classes that can be learned.
class TrainImage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    write_learnable_idx(directory_->path() / "idx", {.train = 300, .test = 80});
    const ProgramResult converted =
        run_program(fmt::format("{} convert idx --directory {} --output {}", RONDO_DATA_PROGRAM,
                                (directory_->path() / "idx").string(), data_file()));
    ASSERT_EQ(converted.code, 0) << converted.err;
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }

  static std::string data_file() { return (directory_->path() / "small.h5").string(); }
  static std::string output(const std::string& name) {
    return (directory_->path() / name).string();
  }

  static std::string trainer(const std::string& arguments) {
    return fmt::format("{} --data {} --model lenet --batch 16 --lr 0.05 {}",
                       RONDO_TRAIN_IMAGE_PROGRAM, data_file(), arguments);
  }
  static ProgramResult train(int ranks, const std::string& arguments) {
    return run_program(mpirun(ranks, trainer(arguments)));
  }

  /// The loss of every step, by step; of a repeated step the last.
  static std::map<int, double> losses(const std::string& run) {
    std::map<int, double> found;
    std::ifstream file(std::filesystem::path(run) / "metrics.ndjson");
    for (std::string line; std::getline(file, line);) {
      const auto entry = nlohmann::json::parse(line);
      if (entry["event"] == "step") found[entry["step"]] = entry["loss"];
    }
    return found;
  }

  /// The learning rate of the first step.
  static double first_rate(const std::string& run) {
    std::ifstream file(std::filesystem::path(run) / "metrics.ndjson");
    for (std::string line; std::getline(file, line);) {
      const auto entry = nlohmann::json::parse(line);
      if (entry["event"] == "step") return entry["lr"];
    }
    return 0;
  }

  static std::string final_hash(const std::string& run) {
    std::ifstream file(std::filesystem::path(run) / "metrics.ndjson");
    std::string hash;
    for (std::string line; std::getline(file, line);) {
      const auto entry = nlohmann::json::parse(line);
      if (entry["event"] == "end") hash = entry["parameters_hash"];
    }
    return hash;
  }

  static inline TemporaryDirectory* directory_ = nullptr;
};

TEST_F(TrainImage, learns_and_leaves_a_complete_run_directory) {
  const std::string run = output("complete");
  const ProgramResult result = train(2, "--lanes 4 --epochs 12 --output " + run);

  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("test accuracy +(8[5-9]|9[0-9]|100)\\."));
  EXPECT_THAT(result.out, ContainsRegex("ranks +2 x 1 threads"));
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
    std::vector<std::string> hashes;
    for (const int ranks : {1, 2, 3, 4}) {
      const std::string run = output(fmt::format("fixed-{}-{}", precision, ranks));
      ASSERT_EQ(train(ranks, fmt::format("--model cnn --lanes 4 --epochs 2 --reduce fixed "
                                         "--precision {} --output {}",
                                         precision, run))
                    .code,
                0);
      hashes.push_back(final_hash(run));
    }
    EXPECT_EQ(hashes[0].size(), 16U);
    EXPECT_THAT(hashes, testing::Each(hashes[0])) << precision;
  }
}

TEST_F(TrainImage, fixed_gives_the_same_bits_with_all_that_is_drawn_at_random) {
  const std::string options =
      "--model cnn --lanes 6 --batch 8 --epochs 1 --reduce fixed --precision bf16 --flip --shift 2 "
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
  EXPECT_EQ(occurrences(same.err, "threads"), 0U) << same.err;
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

TEST_F(TrainImage, a_silent_rank_ends_the_job_with_75_instead_of_hanging_it) {
  const std::string options = "--lanes 2 --epochs 2000 --time-limit 2 --output " + output("silent");
  const std::string silent =
      fmt::format("sh -c '(sleep 3; kill -STOP $$) & exec {}'", trainer(options));
  const ProgramResult result = run_program(mpirun(1, trainer(options)) + " : -np 1 " + silent);

  EXPECT_EQ(result.code, 75) << result.err;
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("rank 1"));
  EXPECT_LT(result.seconds, 20);
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

TEST_F(TrainImage, runs_alone_and_says_so) {
  const std::string run = output("alone");
  const ProgramResult result = run_program(trainer("--steps 2 --output " + run));

  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("one rank"));
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

TEST_F(TrainImage, ranks_with_different_options_are_refused_once) {
  const std::string options = trainer("--lanes 2 --epochs 1 --output " + output("unlike"));
  const ProgramResult result =
      run_program(mpirun(1, options) + " : -np 1 " + options + " --seed 9");

  EXPECT_EQ(result.code, 70) << result.err;
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("seed: 9  <-  rank 0: seed: 1"));
}

TEST_F(TrainImage, compression_learns_and_resumes_with_the_bits_of_an_uninterrupted_run) {
  const std::string options =
      "--lanes 4 --epochs 6 --compression topk --topk-fraction 0.1 --output ";
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

TEST_F(TrainImage, resuming_with_another_compression_is_78) {
  const std::string run = output("other-compression");
  ASSERT_EQ(train(2, "--lanes 2 --steps 2 --compression topk --output " + run).code, 0);

  const ProgramResult result = train(2, "--lanes 2 --resume --output " + run);

  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(
      result.err,
      HasSubstr("compression: checkpoint topk, fraction 0.05, warm-up 200 steps, now none"));
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

TEST_F(TrainImage, its_last_checkpoint_has_the_hash_that_it_prints) {
  const std::string run = output("hashed");
  ASSERT_EQ(train(2, "--lanes 2 --steps 3 --output " + run).code, 0);

  const ProgramResult hash = run_program(fmt::format("{} hash {}", RONDO_CKPT_PROGRAM, run));

  EXPECT_EQ(hash.code, 0) << hash.err;
  EXPECT_EQ(hash.out, final_hash(run) + "\n");
}

TEST_F(TrainImage, saves_and_keeps_as_it_is_told) {
  const std::string run = output("kept");
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
