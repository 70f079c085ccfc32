// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// What rondo-bench-gpu does without a GPU.
#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rondo/base/device.hpp"
#include "rondo/base/error.hpp"
#include "rondo/base/exit_code.hpp"

#include "gpu/gpu_command.hpp"
#include "gpu/gpu_race.hpp"
#include "gpu/tensors.hpp"

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

  const Outcome odd = run({"--tensors", "7"});
  EXPECT_EQ(odd.code, static_cast<int>(ExitCode::configuration));
  EXPECT_THAT(odd.error, HasSubstr("tensors is 7"));
}

TEST(GpuBench, says_that_there_is_no_gpu) {
  try {
    if (device_count() > 0) GTEST_SKIP() << "there is a GPU";
  } catch (const ConfigError&) {
  }
  const Outcome result = run({});

  EXPECT_EQ(result.code, static_cast<int>(ExitCode::configuration));
  EXPECT_THAT(result.error, testing::ContainsRegex("cannot use GPUs|NVIDIA driver|no GPU"));
}

}  // namespace
}  // namespace rondo::bench
