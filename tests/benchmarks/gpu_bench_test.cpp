// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What rondo-bench-gpu does without a GPU.
#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/device.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/exit_code.hpp"

#include "gpu/gpu_command.hpp"
#include "gpu/gpu_race.hpp"
#include "gpu/network_work.hpp"
#include "gpu/tensors.hpp"
#include "gpu/training_step.hpp"

namespace rondo::bench {
namespace {

using testing::HasSubstr;

constexpr std::size_t gpt2_parameters = 124'439'808;

struct Outcome {
  int code = 0;
  std::string error;
};

Outcome run(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "rondo-bench-gpu");
  testing::internal::CaptureStderr();
  const int code = gpu_main(static_cast<int>(arguments.size()), arguments.data());
  return {code, testing::internal::GetCapturedStderr()};
}

TEST(GpuBench, updates_as_many_parameters_however_they_are_split) {
  for (const std::size_t tensors : {2U, 148U, 150U, 2000U, 20000U}) {
    const std::vector<std::size_t> lengths = tensor_lengths(tensors);

    EXPECT_EQ(lengths.size(), tensors);
    EXPECT_EQ(std::accumulate(lengths.begin(), lengths.end(), std::size_t{0}), gpt2_parameters);
    EXPECT_EQ(std::ranges::count(lengths, 0U), 0);
  }
}

TEST(GpuBench, refuses_splits_that_it_does_not_know) {
  for (const std::size_t tensors : {0U, 1U, 147U, 20002U})
    EXPECT_THROW(tensor_lengths(tensors), ConfigError) << tensors;
}

TEST(GpuBench, cuts_every_tensor_into_pieces_on_cache_lines) {
  const GpuModel model = make_gpu_model({1, 1024, 1025, 16});

  struct Place {
    std::size_t begin, count;
  };
  const std::array expected{Place{0, 1}, Place{16, 1024}, Place{1040, 1024}, Place{2064, 1},
                            Place{2080, 16}};
  ASSERT_EQ(model.pieces.size(), expected.size());
  for (std::size_t p = 0; p < expected.size(); ++p) {
    EXPECT_EQ(model.pieces[p].begin, expected[p].begin);
    EXPECT_EQ(model.pieces[p].count, expected[p].count);
  }
  EXPECT_EQ(model.parameters, 2066U);
  EXPECT_EQ(model.arena_elements, 2096U);
}

TEST(GpuBench, gives_tensors_of_a_network_their_roles) {
  const std::array parameters{
      ParameterSpec{.name = "weight", .shape = {2, 600}, .role = ParameterRole::weight},
      ParameterSpec{.name = "mean", .shape = {5}, .role = ParameterRole::statistic}};

  const GpuModel model = make_gpu_model(parameters);

  EXPECT_EQ(model.begins, (std::vector<std::size_t>{0, 1200}));
  ASSERT_EQ(model.pieces.size(), 3U);
  EXPECT_EQ(model.pieces[1].parameter, 0U);
  EXPECT_EQ(model.pieces[1].count, 176U);
  EXPECT_EQ(model.pieces[2].parameter, 1U);
  EXPECT_EQ(model.pieces[2].role, ParameterRole::statistic);
}

TEST(GpuBench, counts_the_work_of_resnet50) {
  const NetworkWork work = network_work(nn::make_model("resnet50", {3, 224, 224}, 1000));

  EXPECT_EQ(work.forward, 4'089'184'256U);
  // Nobody needs the gradient of the images.
  constexpr std::size_t first_layer = std::size_t{112} * 112 * 64 * 3 * 7 * 7;
  EXPECT_EQ(work.training, 3 * work.forward - first_layer);
}

TEST(GpuBench, counts_what_is_wrong_with_losses) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();

  EXPECT_EQ(wrong_losses(std::array{3.0, 4.0, 2.0}), 0U);
  EXPECT_EQ(wrong_losses(std::array{3.0, 2.0, 3.0}), 1U);
  EXPECT_EQ(wrong_losses(std::array{3.0, infinity, 2.0}), 1U);
  EXPECT_EQ(wrong_losses(std::array{3.0, nan, nan}), 3U);
}

TEST(GpuBench, compares_bandwidths_repeat_by_repeat) {
  const std::array seconds{2.0, 4.0, 8.0};
  const std::array copy_seconds{1.0, 4.0, 6.0};  // as fast as 1/2, 1, 3/4 of the kernel's time

  EXPECT_DOUBLE_EQ(copy_ratio(100, seconds, 100, copy_seconds), 0.75);
  EXPECT_DOUBLE_EQ(copy_ratio(100, seconds, 200, copy_seconds), 0.375);
}

TEST(GpuBench, has_values_that_differ_by_place_and_seed) {
  std::vector<float> values(4096);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = pattern_value(i, 1);
  const auto [least, greatest] = std::ranges::minmax(values);

  EXPECT_GE(least, -1.0F);
  EXPECT_LT(least, -0.9F);
  EXPECT_LE(greatest, 1.0F);
  EXPECT_GT(greatest, 0.9F);
  EXPECT_NE(pattern_value(7, 1), pattern_value(7, 2));
}

TEST(GpuBench, names_what_is_wrong_with_its_arguments) {
  const Outcome unknown = run({"--kernels", "copy"});
  EXPECT_EQ(unknown.code, static_cast<int>(ExitCode::usage));
  EXPECT_THAT(unknown.error, HasSubstr("one of all, update, tree, casts"));

  const Outcome model = run({"--kernels", "step", "--model", "alexnet"});
  EXPECT_EQ(model.code, static_cast<int>(ExitCode::usage));
  EXPECT_THAT(model.error, HasSubstr("resnet50"));
  for (const char* option :
       {"--precision", "--kernels-by", "--plans", "--cuda-graph", "--batch", "--image-size"}) {
    const Outcome bad = run({"--kernels", "step", option, "0"});
    EXPECT_EQ(bad.code, static_cast<int>(ExitCode::usage)) << option;
    EXPECT_THAT(bad.error, HasSubstr(option));
  }

  const Outcome path = run({"allreduce", "--path", "pigeon"});
  EXPECT_EQ(path.code, static_cast<int>(ExitCode::usage));
  EXPECT_THAT(path.error, HasSubstr("host_staged"));

  const Outcome odd = run({"--tensors", "7"});
  EXPECT_EQ(odd.code, static_cast<int>(ExitCode::configuration));
  EXPECT_THAT(odd.error, HasSubstr("tensors is 7"));
}

TEST(GpuBench, says_that_there_is_no_gpu) {
  try {
    if (device_count() > 0) GTEST_SKIP() << "there is a GPU";
  } catch (const ConfigError&) {
  }
  for (const char* kernels : {"all", "step"}) {
    const Outcome result = run({"--kernels", kernels});

    EXPECT_EQ(result.code, static_cast<int>(ExitCode::configuration));
    EXPECT_THAT(result.error, testing::ContainsRegex("cannot use GPUs|NVIDIA driver|no GPU"));
  }
}

}  // namespace
}  // namespace rondo::bench
