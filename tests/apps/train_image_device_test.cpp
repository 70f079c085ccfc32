// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-train-image --device cuda: on the emulated CUDA, whose one GPU all ranks share.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/train_image_runs.hpp"

namespace rondo::test {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class TrainImageDevice : public TrainImage {
 protected:
  static std::string on_device(const std::string& arguments) {
    return fmt::format(
        "{} --data {} --model lenet --batch 4 --lr 0.05 --device cuda --device-path host_staged "
        "--device-kernels direct {}",
        RONDO_EMULATED_TRAIN_IMAGE_PROGRAM, data_file(), arguments);
  }
  static std::string on_cpu(const std::string& arguments) {
    return fmt::format("{} --data {} --model lenet --batch 4 --lr 0.05 {}",
                       RONDO_TRAIN_IMAGE_PROGRAM, data_file(), arguments);
  }
  static ProgramResult run(int ranks, const std::string& command) {
    return run_program(mpirun(ranks, command));
  }
};

constexpr int parity_steps = 10;

/// Ten steps in f32: layers and optimizer differ in the order of sums only.
TEST_F(TrainImageDevice, has_the_losses_of_the_cpu) {
  const std::string arguments =
      fmt::format("--lanes 2 --reduce fixed --dropout 0.2 --steps {}", parity_steps);
  const std::string device = output("parity-device");
  const std::string cpu = output("parity-cpu");
  const ProgramResult first = run(2, on_device(arguments + " --output " + device));
  ASSERT_EQ(first.code, 0) << first.err;
  const ProgramResult second = run(2, on_cpu(arguments + " --output " + cpu));
  ASSERT_EQ(second.code, 0) << second.err;

  const auto found = losses(device);
  const auto expected = losses(cpu);
  ASSERT_EQ(found.size(), static_cast<std::size_t>(parity_steps));
  for (const auto& [step, loss] : expected)
    EXPECT_NEAR(found.at(step), loss, 1e-4 * loss) << "step " << step;
  EXPECT_THAT(first.out, HasSubstr("an emulated GPU"));
}

TEST_F(TrainImageDevice, has_the_same_bits_on_any_number_of_ranks) {
  std::vector<std::string> hashes;
  for (const int ranks : {1, 2, 3}) {
    const std::string directory = output(fmt::format("device-on-{}", ranks));
    const ProgramResult result =
        run(ranks, on_device("--lanes 3 --reduce fixed --precision bf16 --optimizer lamb --steps 4 "
                             "--output " +
                             directory));
    ASSERT_EQ(result.code, 0) << result.err;
    hashes.push_back(final_hash(directory));
  }
  EXPECT_THAT(hashes.front(), Not(IsEmpty()));
  EXPECT_THAT(hashes, Each(hashes.front()));
}

TEST_F(TrainImageDevice, goes_on_where_there_is_none_and_back) {
  const std::string directory = output("moved");
  const std::string arguments = "--lanes 2 --reduce fixed --save-every 2 --output " + directory;
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

TEST_F(TrainImageDevice, evaluates_at_the_end_of_an_epoch) {
  const std::string directory = output("epoch");
  const ProgramResult result =
      run(2, on_device("--batch 50 --lanes 2 --epochs 1 --output " + directory));
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, Not(HasSubstr("not measured")));
}

/// Exit code and a part of the message.
struct Refusal {
  std::string arguments;
  std::string message;
};

TEST_F(TrainImageDevice, refuses_what_a_gpu_cannot_do_yet) {
  for (const auto& [arguments, message] :
       {Refusal{"--sharding zero1", "sharding zero1 and compression none on a GPU"},
        Refusal{"--compression int8", "sharding none and compression int8 on a GPU"},
        Refusal{"--optimizer adafactor", "adafactor"}}) {
    const ProgramResult result = run(2, on_device(arguments + " --output " + output("refused")));
    EXPECT_EQ(result.code, 78) << arguments;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
  }
}

TEST_F(TrainImageDevice, a_build_without_cuda_says_what_is_missing) {
  const ProgramResult result = run(2, on_cpu("--device cuda --output " + output("without")));
  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(result.err, HasSubstr("this build of rondo cannot use GPUs"));
  EXPECT_EQ(occurrences(result.err, "error:"), 1U) << result.err;
}

TEST_F(TrainImageDevice, options_of_a_gpu_mean_nothing_without_one) {
  for (const std::string option : {"--device-path nccl", "--device-kernels direct"}) {
    const ProgramResult result = run(1, on_cpu(option + " --output " + output("meaningless")));
    EXPECT_EQ(result.code, 78) << result.err;
    EXPECT_THAT(result.err, HasSubstr("means nothing with --device cpu"));
  }
}

}  // namespace
}  // namespace rondo::test
