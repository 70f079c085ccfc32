// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-train-image --device cuda: on the emulated CUDA, whose one GPU all ranks share.
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "apps/train_image_runs.hpp"

namespace rondo::test {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class TrainImageDevice : public TrainImage {
 protected:
  /// The emulated GPU's memory is the host's, which every MPI takes.
  static std::string on_device(const std::string& arguments,
                               std::string_view path = "host_staged") {
    return fmt::format(
        "{} --data {} --model lenet --batch 4 --lr 0.05 --device cuda "
        "--device-path {} --device-kernels direct {}",
        RONDO_EMULATED_TRAIN_IMAGE_PROGRAM, data_file(), path, arguments);
  }
  static std::string on_cpu(const std::string& arguments) {
    return fmt::format("{} --data {} --model lenet --batch 4 --lr 0.05 {}",
                       RONDO_TRAIN_IMAGE_PROGRAM, data_file(), arguments);
  }
  static ProgramResult run(int ranks, const std::string& command) {
    return run_program(mpirun(ranks, command));
  }
  /// Of the last evaluation.
  static double evaluation_loss(const std::string& run) {
    std::ifstream file(std::filesystem::path(run) / "metrics.ndjson");
    double loss = 0;
    for (std::string line; std::getline(file, line);) {
      const auto entry = nlohmann::json::parse(line);
      if (entry["event"] == "evaluation") loss = entry["loss"];
    }
    return loss;
  }
};

constexpr int parity_steps = 10;

/// Of ten steps in f32, to that part of them.
class TrainImageParity : public TrainImageDevice {
 protected:
  static void expect_losses_of_the_cpu(std::string arguments, const std::string& name,
                                       double tolerance) {
    arguments += fmt::format(" --lanes 2 --steps {}", parity_steps);
    const std::string device = output(name + "-device");
    const std::string cpu = output(name + "-cpu");
    const ProgramResult first = run(2, on_device(arguments + " --output " + device));
    ASSERT_EQ(first.code, 0) << first.err;
    EXPECT_THAT(first.out, HasSubstr("an emulated GPU"));
    const ProgramResult second = run(2, on_cpu(arguments + " --output " + cpu));
    ASSERT_EQ(second.code, 0) << second.err;

    const auto found = losses(device);
    const auto expected = losses(cpu);
    ASSERT_EQ(found.size(), static_cast<std::size_t>(parity_steps));
    for (const auto& [step, loss] : expected)
      EXPECT_NEAR(found.at(step), loss, tolerance * loss) << "step " << step;
  }
};

/// Layers and optimizer differ in the order of sums only.
TEST_F(TrainImageParity, of_plain_gradients) {
  expect_losses_of_the_cpu("--reduce fixed --dropout 0.2", "parity", 1e-4);
}

/// A code may differ by one where the layers' sums do in their last bits.
TEST_F(TrainImageParity, of_compressed_gradients) {
  expect_losses_of_the_cpu("--compression int8", "compressed", 1e-3);
  expect_losses_of_the_cpu("--compression powersgd --powersgd-rank 1", "factored", 1e-3);
}

/// Where a destructor or exit handler waited for the GPU, the emulation would say so.
TEST_F(TrainImageDevice, a_hung_gpu_ends_the_job_with_75_and_one_message) {
  const auto training = [](const std::string& options) {
    return on_device("--lanes 2 --epochs 2000 " + options);
  };
  const std::string hangs = "env RONDO_EMULATED_HANG=60 ";
  const std::string alone = hangs + training("--time-limit 3 --output " + output("hangs"));
  const std::string both = " --output " + output("one-hangs");
  const std::string together = mpirun(1, hangs + training("--time-limit 5" + both)) + " : -np 1 " +
                               training("--time-limit 100" + both);
  for (const std::string& command : {alone, together}) {
    const ProgramResult result = run_program(command);

    EXPECT_EQ(result.code, 75) << result.err;
    EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr("GPU 0 (an emulated GPU at "));
    EXPECT_THAT(result.err, HasSubstr("in step "));
    EXPECT_THAT(result.err, HasSubstr("behind another stream, in one of the "));
    EXPECT_THAT(result.err, HasSubstr("nn::"));
    EXPECT_THAT(result.err, Not(HasSubstr("waits for work of the emulated GPU")));
  }
}

TEST_F(TrainImageDevice, has_the_same_bits_on_any_number_of_ranks_by_any_path) {
  std::vector<std::string> hashes;
  for (const std::string sharding : {"none", "zero1"}) {
    for (const int ranks : {1, 2, 3}) {
      const bool by_mpi = ranks == (sharding == "none" ? 3 : 2);
      const std::string directory = output(fmt::format("device-{}-on-{}", sharding, ranks));
      const ProgramResult result =
          run(ranks,
              "env RONDO_CUDA_AWARE=1 " +
                  on_device("--lanes 3 --reduce fixed --precision bf16 --optimizer lamb --steps 4 "
                            "--sharding " +
                                sharding + " --output " + directory,
                            by_mpi ? "cuda_aware" : "host_staged"));
      ASSERT_EQ(result.code, 0) << result.err;
      EXPECT_THAT(result.out,
                  HasSubstr(by_mpi ? "GPU to GPU by MPI" : "through the host's memory"));
      hashes.push_back(final_hash(directory));
    }
  }
  EXPECT_THAT(hashes.front(), Not(IsEmpty()));
  EXPECT_THAT(hashes, Each(hashes.front()));
}

TEST_F(TrainImageDevice, has_the_same_bits_whoever_decodes_the_images) {
  for (const std::string images :
       {"--shift 3 --noise 0.1", "--no-flip --resized-crop --image-size 14"}) {
    std::vector<std::string> hashes;
    std::vector<std::map<int, double>> found;
    for (const auto& [ranks, decode] : {std::pair{1, "no-"}, {1, ""}, {2, ""}}) {
      const std::string directory = output("decode");
      const ProgramResult result = run(
          ranks, on_device(fmt::format("{} --{}device-decode --lanes 2 --reduce fixed --steps {} "
                                       "--overwrite --output {}",
                                       images, decode, parity_steps, directory)));
      ASSERT_EQ(result.code, 0) << result.err;
      EXPECT_THAT(result.out,
                  HasSubstr(std::string_view(decode).empty() ? "images decoded there"
                                                             : "images decoded on the CPU"));
      hashes.push_back(final_hash(directory));
      found.push_back(losses(directory));
    }
    EXPECT_THAT(hashes.front(), Not(IsEmpty()));
    EXPECT_THAT(hashes, Each(hashes.front())) << images;
    EXPECT_EQ(found.front().size(), static_cast<std::size_t>(parity_steps));
    EXPECT_THAT(found, Each(found.front())) << images;
  }
}

/// Several lanes of a rank, several buckets, Dropout, and a batch at the end that is not full.
TEST_F(TrainImageDevice, has_the_same_bits_with_cuda_graphs_and_without) {
  std::vector<std::string> hashes;
  for (const std::string choice : {"off", "on"}) {
    const std::string directory = output("graphs-" + choice);
    const ProgramResult result =
        run(2, on_device(fmt::format("--cuda-graph {} --lanes 4 --reduce fixed --dropout 0.2 "
                                     "--bucket-bytes 65536 --batch 7 --epochs 1 --output {}",
                                     choice, directory)));
    ASSERT_EQ(result.code, 0) << result.err;
    hashes.push_back(final_hash(directory));
  }
  EXPECT_THAT(hashes[0], Not(IsEmpty()));
  EXPECT_EQ(hashes[1], hashes[0]);
}

/// The last lanes of the epoch are shorter: those come one by one.
TEST_F(TrainImageDevice, takes_lanes_at_once_as_one_by_one) {
  std::vector<std::map<int, double>> found;
  for (const std::string at_once : {" --lanes-at-once 1", " --lanes-at-once 9", ""}) {
    const std::string directory = output("at-once");
    const ProgramResult result =
        run(1, on_device("--batch 50 --lanes 4 --epochs 1 --dropout 0.2 --overwrite --output " +
                         directory + at_once));
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out,
                HasSubstr(at_once.ends_with("1") ? "1 lane at once" : "4 lanes at once"));
    found.push_back(losses(directory));
  }
  EXPECT_FALSE(found[0].empty());
  for (const auto& [step, loss] : found[0])
    for (const auto& other : found)
      EXPECT_NEAR(other.at(step), loss, 1e-4 * loss) << "step " << step;
}

TEST_F(TrainImageDevice, goes_on_where_there_is_none_and_back) {
  const std::string directory = output("moved");
  const std::string arguments =
      "--optimizer adafactor --lanes 2 --reduce fixed --save-every 2 --output " + directory;
  const ProgramResult first = run(2, on_device(arguments + " --steps 2"));
  ASSERT_EQ(first.code, 0) << first.err;

  const ProgramResult second = run(1, on_cpu(arguments + " --steps 4 --resume"));
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_THAT(second.err, HasSubstr("was written with device cuda, and the run goes on with cpu"));
  const ProgramResult third = run(1, on_device(arguments + " --steps 6 --resume"));
  ASSERT_EQ(third.code, 0) << third.err;

  const auto found = losses(directory);
  EXPECT_EQ(found.size(), 6U);
  EXPECT_TRUE(found.contains(5));
  const ProgramResult verified =
      run_program(fmt::format("{} verify {}/checkpoints", RONDO_CKPT_PROGRAM, directory));
  EXPECT_EQ(verified.code, 0) << verified.err;
}

TEST_F(TrainImageDevice, evaluates_at_the_end_of_an_epoch_whoever_decodes) {
  std::vector<double> found;
  for (const std::string decode : {"no-", ""}) {
    const std::string directory = output("epoch-" + decode + "decode");
    const ProgramResult result = run(
        2, on_device(fmt::format("--batch 50 --lanes 2 --epochs 1 --resized-crop --reduce fixed "
                                 "--{}device-decode --output {}",
                                 decode, directory)));
    ASSERT_EQ(result.code, 0) << result.err;
    EXPECT_THAT(result.out, Not(HasSubstr("not measured")));
    found.push_back(evaluation_loss(directory));
  }
  EXPECT_GT(found.front(), 0.0);
  EXPECT_EQ(found.front(), found.back());
}

TEST_F(TrainImageDevice, refuses_what_a_gpu_cannot_do_yet) {
  const ProgramResult result = run(2, on_device("--sharding zero2 --output " + output("refused")));
  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(result.err, HasSubstr("sharding zero2 on a GPU"));
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
}

TEST_F(TrainImageDevice, messages_between_gpus_need_an_mpi_that_takes_their_memory) {
  const ProgramResult result =
      run(2, "env RONDO_CUDA_AWARE=0 " + on_device("--output " + output("unaware"), "cuda_aware"));
  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(result.err,
              HasSubstr("rank 0 has an MPI that does not say that it takes GPU memory"));
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
}

TEST_F(TrainImageDevice, a_build_without_cuda_says_what_is_missing) {
  const ProgramResult result = run(2, on_cpu("--device cuda --output " + output("without")));
  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(result.err, HasSubstr("this build of rondo cannot use GPUs"));
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
}

TEST_F(TrainImageDevice, options_of_a_gpu_mean_nothing_without_one) {
  for (const std::string option : {"--device-path nccl", "--device-kernels direct",
                                   "--no-device-decode", "--cuda-graph off", "--lanes-at-once 2"}) {
    const ProgramResult result = run(1, on_cpu(option + " --output " + output("meaningless")));
    EXPECT_EQ(result.code, 78) << result.err;
    EXPECT_THAT(result.err, HasSubstr("means nothing with --device cpu"));
  }
}

}  // namespace
}  // namespace rondo::test
