// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// rondo-bench-gpu --kernels step, on the kernels that need no library.
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "gpu/gpu_command.hpp"
#include "support/temporary_directory.hpp"

namespace rondo::bench {
namespace {

nlohmann::json step(const std::string& precision, const std::string& graph = "automatic") {
  const test::TemporaryDirectory directory;
  const std::string report = directory.path() / "step.ndjson";
  std::istringstream line(
      "rondo-bench-gpu --kernels step --kernels-by direct --model cnn --image-size 8 --batch 4 "
      "--classes 10 --warmup 1 --repeats 2 --precision " +
      precision + " --cuda-graph " + graph + " --json " + report);
  const std::vector<std::string> words{std::istream_iterator<std::string>(line), {}};
  std::vector<const char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(word.c_str());
  EXPECT_EQ(gpu_main(static_cast<int>(arguments.size()), arguments.data()), 0);
  return nlohmann::json::parse(std::ifstream(report));
}

TEST(GpuStep, trains_a_network_and_repeats_it_bit_by_bit) {
  for (const char* precision : {"f32", "bf16", "f16"}) {
    const auto line = step(precision);

    EXPECT_EQ(line["benchmark"], "gpu step") << precision;
    EXPECT_EQ(line["precision"], precision);
    EXPECT_EQ(line["kernels"], "direct");
    EXPECT_EQ(line["wrong"], 0) << precision;
    EXPECT_LT(line["last_loss"], line["first_loss"]) << precision;
  }
}

TEST(GpuStep, has_the_same_losses_with_a_cuda_graph_and_without) {
  const auto on = step("bf16", "on");
  const auto off = step("bf16", "off");

  EXPECT_EQ(on["cuda_graph"], "on");
  EXPECT_EQ(on["wrong"], 0);
  EXPECT_EQ(on["first_loss"], off["first_loss"]);
  EXPECT_EQ(on["last_loss"], off["last_loss"]);
}

TEST(GpuStep, reports_what_a_step_takes) {
  const auto line = step("f32");

  // Three convolutions of 8, 4 and 2 pixels either way, and a linear layer.
  constexpr double first = 64 * 32 * 3 * 9;
  constexpr double others = 16 * 64 * 32 * 9 + 4 * 128 * 64 * 9 + 10 * 128;
  EXPECT_EQ(line["flops"], 2 * 4 * (2 * first + 3 * others));
  constexpr std::size_t parameters =
      9 * (3 * 32 + 32 * 64 + 64 * 128) + 4 * (32 + 64 + 128) + 128 * 10 + 10;
  EXPECT_EQ(line["parameters"], parameters);
  // Values, gradients and momentum at the least.
  EXPECT_GE(line["device_bytes"], 3 * sizeof(float) * parameters);
  EXPECT_GT(line["pass_seconds"], 0);
  EXPECT_GE(line["median_seconds"], line["pass_seconds"]);
  EXPECT_NEAR(line["samples_per_second"].get<double>() * line["median_seconds"].get<double>(), 4,
              1e-9);
}

}  // namespace
}  // namespace rondo::bench
