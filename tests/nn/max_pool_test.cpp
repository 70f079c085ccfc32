// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// The CPU's max-pooling against the reference, bit by bit, where whole networks do not lead.
#include "nn/cpu/kernels/max_pool.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "nn/reference/layers.hpp"
#include "nn/support.hpp"

namespace rondo::nn::cpu::kernel {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// An image of few different values, so that many are equal: zeros of both signs, -infinity.
std::vector<float> few_values(std::size_t count, std::uint32_t stream) {
  constexpr float values[] = {-infinity, -1.0F, -0.0F, 0.0F, 0.5F};
  std::vector<float> chosen = test::random_values(count, stream);
  for (float& value : chosen)
    value = values[static_cast<std::size_t>((value + 1) * 2.5F)];
  return chosen;
}

MaxPoolShape shape_of(const MaxPool& pool, const ImageShape& input) {
  const auto out = [&](std::size_t extent) {
    return (extent + 2 * pool.padding - pool.kernel) / pool.stride + 1;
  };
  return {.height = input.height,
          .width = input.width,
          .out_height = out(input.height),
          .out_width = out(input.width),
          .channels = input.channels,
          .kernel = pool.kernel,
          .stride = pool.stride,
          .padding = pool.padding};
}

/// From (C, H, W) to a plane's (H, W, C).
std::vector<float> to_plane(const std::vector<float>& values, std::size_t channels) {
  std::vector<float> plane(values.size());
  const std::size_t pixels = values.size() / channels;
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < pixels; ++i)
      plane[i * channels + c] = values[c * pixels + i];
  return plane;
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values)
    bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

class MaxPoolKernel : public testing::TestWithParam<std::tuple<MaxPool, std::size_t, bool>> {};

TEST_P(MaxPoolKernel, has_the_reference_s_bits) {
  const auto& [pool, channels, has_equals] = GetParam();
  for (const auto& [height, width] :
       {std::pair<std::size_t, std::size_t>{4, 4}, {5, 7}, {9, 6}, {16, 17}}) {
    const ImageShape image{channels, height, width};
    const MaxPoolShape shape = shape_of(pool, image);
    ResolvedLayer layer;
    layer.layer = pool;
    layer.input = image;
    layer.output = {channels, shape.out_height, shape.out_width};
    const auto values =
        has_equals ? few_values(shape.inputs(), 1) : test::random_values(shape.inputs(), 1);
    const auto diffs = test::random_values(shape.outputs(), 2);
    const auto reference = nn::reference::make_layer(layer, {});
    nn::reference::Tensor input(1, layer.input);
    input.values = values;
    nn::reference::Tensor output_diff(1, layer.output);
    output_diff.values = diffs;
    const auto expected = reference->forward(input, {});
    const auto expected_diff = reference->backward(input, output_diff, 1);

    std::vector<float> output(shape.outputs(), 7);
    std::vector<float> evaluated(shape.outputs(), 7);
    std::vector<float> input_diff(shape.inputs(), 7);
    std::vector<std::uint8_t> positions(shape.outputs());
    const auto plane = to_plane(values, channels);
    max_pool(shape, plane.data(), output.data(), positions.data());
    max_pool(shape, plane.data(), evaluated.data(), nullptr);
    max_pool_backward(shape, positions.data(), to_plane(diffs, channels).data(), input_diff.data());

    EXPECT_EQ(bits_of(output), bits_of(to_plane(expected.values, channels)));
    EXPECT_EQ(bits_of(evaluated), bits_of(output));
    EXPECT_EQ(bits_of(input_diff), bits_of(to_plane(expected_diff.values, channels)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Windows, MaxPoolKernel,
    testing::Combine(testing::Values(MaxPool{}, MaxPool{.kernel = 2, .stride = 1},
                                     MaxPool{.kernel = 2, .stride = 3},
                                     MaxPool{.kernel = 2, .stride = 2, .padding = 1},
                                     MaxPool{.kernel = 3, .stride = 2},
                                     MaxPool{.kernel = 3, .stride = 2, .padding = 1},
                                     MaxPool{.kernel = 3, .stride = 1, .padding = 2},
                                     MaxPool{.kernel = 4, .stride = 4, .padding = 3}),
                     testing::Values(1, 3, 8, 13, 16, 31), testing::Bool()));

TEST(MaxPoolKernels, keep_not_a_number_wherever_it_is_in_the_window) {
  const MaxPoolShape shape = shape_of(MaxPool{.kernel = 3, .stride = 3}, {11, 3, 3});
  for (std::size_t at = 0; at < 9; ++at) {
    std::vector<float> input = test::random_values(shape.inputs(), 3);
    for (std::size_t c = 0; c < 11; ++c)
      input[at * 11 + c] = NAN;
    std::vector<float> output(11);
    std::vector<std::uint8_t> positions(11);

    max_pool(shape, input.data(), output.data(), positions.data());

    for (std::size_t c = 0; c < 11; ++c) {
      EXPECT_TRUE(std::isnan(output[c])) << "position " << at << ", channel " << c;
      EXPECT_EQ(positions[c], at);
    }
  }
}

TEST(MaxPoolKernels, give_the_gradient_to_the_last_of_several_not_a_numbers) {
  const MaxPoolShape shape = shape_of(MaxPool{}, {1, 2, 2});
  const std::vector<float> input{NAN, 1, NAN, infinity};
  const float output_diff = 5;
  float output = 0;
  std::uint8_t position = 0;
  std::vector<float> input_diff(4);

  max_pool(shape, input.data(), &output, &position);
  max_pool_backward(shape, &position, &output_diff, input_diff.data());

  EXPECT_EQ(input_diff, (std::vector<float>{0, 0, 5, 0}));
}

TEST(MaxPoolKernels, tell_256_positions_apart) {
  const MaxPoolShape shape = shape_of(MaxPool{.kernel = 16, .stride = 16}, {1, 16, 16});
  std::vector<float> input(256);
  input.back() = 1;
  float output = 0;
  std::uint8_t position = 0;

  max_pool(shape, input.data(), &output, &position);

  EXPECT_EQ(position, 255);
}

}  // namespace
}  // namespace rondo::nn::cpu::kernel
