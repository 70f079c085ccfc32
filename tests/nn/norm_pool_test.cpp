// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// BatchNorm, ReLU and MaxPool in one, against the definition. Numbers are such that f32 holds every
// product and sum: the bits do not depend on the order, nor on fused multiply-adds.
#include "nn/cpu/kernels/norm_pool.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "nn/support.hpp"
#include "support/vector_targets.hpp"

namespace rondo::nn::cpu::kernel {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Multiples of `unit` up to `most` of them, of both signs.
std::vector<float> multiples(std::size_t count, float unit, int most, std::uint32_t stream) {
  std::vector<float> values = test::random_values(count, stream);
  for (float& value : values)
    value = std::round(value * static_cast<float>(most)) * unit;
  return values;
}

std::vector<bfloat16> rounded(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

std::vector<std::uint16_t> bits_of(const std::vector<bfloat16>& values) {
  std::vector<std::uint16_t> bits;
  for (const bfloat16 value : values)
    bits.push_back(std::bit_cast<std::uint16_t>(value));
  return bits;
}

/// A plane and the numbers of its channels.
struct Plane {
  MaxPoolShape shape;
  std::vector<bfloat16> input;
  std::vector<float> scale, shift;
  std::vector<float> mean, slope, offset;
  std::vector<bfloat16> output_diff;

  Plane(std::size_t height, std::size_t width, std::size_t channels)
      : shape{.height = height,
              .width = width,
              .out_height = height / 2,
              .out_width = width / 2,
              .channels = channels,
              .kernel = 2,
              .stride = 2,
              .padding = 0},
        input(rounded(multiples(shape.inputs(), 0.125F, 15, 1))),
        scale(multiples(channels, 0.5F, 4, 2)),
        shift(multiples(channels, 0x1p-9F, 300, 3)),
        mean(multiples(channels, 0.25F, 3, 4)),
        slope(multiples(channels, 0.25F, 4, 5)),
        offset(multiples(channels, 0x1p-9F, 300, 6)),
        output_diff(rounded(multiples(shape.outputs(), 0.25F, 20, 7))) {}

  float at(std::size_t offset_of_input) const { return static_cast<float>(input[offset_of_input]); }
  std::size_t input_of(std::size_t h, std::size_t w, std::size_t c) const {
    return (h * shape.width + w) * shape.channels + c;
  }
};

struct Forward {
  std::vector<bfloat16> output;
  std::vector<std::uint8_t> positions;
};

/// Calls visit(output, channel, the four inputs).
template <class Visit>
void visit_outputs(const Plane& plane, const Visit& visit) {
  std::size_t output = 0;
  for (std::size_t h = 0; h < plane.shape.out_height; ++h)
    for (std::size_t w = 0; w < plane.shape.out_width; ++w)
      for (std::size_t c = 0; c < plane.shape.channels; ++c)
        visit(output++, c,
              std::array{plane.input_of(2 * h, 2 * w, c), plane.input_of(2 * h, 2 * w + 1, c),
                         plane.input_of(2 * h + 1, 2 * w, c),
                         plane.input_of(2 * h + 1, 2 * w + 1, c)});
}

Forward expected_forward(const Plane& plane) {
  Forward result{std::vector<bfloat16>(plane.shape.outputs()),
                 std::vector<std::uint8_t>(plane.shape.outputs())};
  visit_outputs(plane, [&](std::size_t out, std::size_t c, const auto& inputs) {
    float largest = -1;
    std::uint8_t chosen = no_position;
    for (std::uint8_t k = 0; k < 4; ++k) {
      const float value = plane.at(inputs[k]) * plane.scale[c] + plane.shift[c];
      const float passed = static_cast<float>(bfloat16(value < 0 ? 0.0F : value));
      if (!(passed > largest) && !std::isnan(passed)) continue;
      largest = passed;
      chosen = passed == 0 ? no_position : k;
    }
    result.output[out] = bfloat16(largest);
    result.positions[out] = chosen;
  });
  return result;
}

class NormPool : public testing::TestWithParam<std::tuple<std::size_t, std::size_t, std::size_t>> {
 protected:
  Plane plane() const {
    const auto& [height, width, channels] = GetParam();
    return {height, width, channels};
  }
};

TEST_P(NormPool, measures_mean_and_squares) {
  const Plane plane = this->plane();
  const std::size_t channels = plane.shape.channels;
  rondo::test::for_each_target([&] {
    std::vector<float> mean(channels);
    std::vector<float> squares(channels);
    measure_plane(plane.shape, plane.input.data(), mean.data(), squares.data());

    const auto count = static_cast<double>(plane.shape.height * plane.shape.width);
    for (std::size_t c = 0; c < channels; ++c) {
      double sum = 0;
      double sum_of_squares = 0;
      for (std::size_t i = c; i < plane.input.size(); i += channels) {
        const auto value = static_cast<double>(plane.at(i));
        sum += value;
        sum_of_squares += value * value;
      }
      EXPECT_NEAR(mean[c], sum / count, 1e-6);
      EXPECT_NEAR(squares[c], sum_of_squares - sum * sum / count, 1e-5 * sum_of_squares);
    }
  });
}

TEST_P(NormPool, normalises_and_pools) {
  const Plane plane = this->plane();
  const Forward expected = expected_forward(plane);
  rondo::test::for_each_target([&] {
    std::vector<bfloat16> output(plane.shape.outputs());
    std::vector<bfloat16> evaluated(plane.shape.outputs());
    std::vector<std::uint8_t> positions(plane.shape.outputs());
    normalise_and_pool(plane.shape, plane.input.data(), plane.scale.data(), plane.shift.data(),
                       output.data(), positions.data());
    normalise_and_pool(plane.shape, plane.input.data(), plane.scale.data(), plane.shift.data(),
                       evaluated.data(), nullptr);

    EXPECT_EQ(bits_of(output), bits_of(expected.output));
    EXPECT_EQ(positions, expected.positions);
    EXPECT_EQ(bits_of(evaluated), bits_of(output));
  });
}

TEST_P(NormPool, adds_up_gradients_of_what_was_chosen) {
  const Plane plane = this->plane();
  const Forward forward = expected_forward(plane);
  std::vector<float> expected_sums(plane.shape.channels);
  std::vector<float> expected_products(plane.shape.channels);
  visit_outputs(plane, [&](std::size_t out, std::size_t c, const auto& inputs) {
    if (forward.positions[out] == no_position) return;
    const auto diff = static_cast<float>(plane.output_diff[out]);
    expected_sums[c] += diff;
    expected_products[c] += diff * (plane.at(inputs[forward.positions[out]]) - plane.mean[c]);
  });
  rondo::test::for_each_target([&] {
    std::vector<float> sums(plane.shape.channels);
    std::vector<float> products(plane.shape.channels);
    sum_norm_pool_diffs(plane.shape, plane.input.data(), plane.mean.data(),
                        forward.positions.data(), plane.output_diff.data(), sums.data(),
                        products.data());

    EXPECT_EQ(sums, expected_sums);
    EXPECT_EQ(products, expected_products);
  });
}

TEST_P(NormPool, spreads_gradients_over_all_inputs) {
  const Plane plane = this->plane();
  const Forward forward = expected_forward(plane);
  std::vector<float> expected(plane.shape.inputs());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::size_t c = i % plane.shape.channels;
    expected[i] = plane.at(i) * plane.slope[c] + plane.offset[c];
  }
  visit_outputs(plane, [&](std::size_t out, std::size_t c, const auto& inputs) {
    if (forward.positions[out] != no_position)
      expected[inputs[forward.positions[out]]] +=
          plane.scale[c] * static_cast<float>(plane.output_diff[out]);
  });
  rondo::test::for_each_target([&] {
    std::vector<bfloat16> input_diff(plane.shape.inputs(), bfloat16(nan));
    norm_pool_backward(plane.shape, plane.input.data(), plane.scale.data(), plane.slope.data(),
                       plane.offset.data(), forward.positions.data(), plane.output_diff.data(),
                       input_diff.data());

    EXPECT_EQ(bits_of(input_diff), bits_of(rounded(expected)));
  });
}

INSTANTIATE_TEST_SUITE_P(Planes, NormPool,
                         testing::Combine(testing::Values(2, 5, 6), testing::Values(2, 7),
                                          testing::Values(16, 48)));

TEST(NormPools, keep_not_a_number) {
  Plane plane(2, 2, 16);
  rondo::test::for_each_target([&] {
    for (std::uint8_t k = 0; k < 4; ++k) {
      std::vector<bfloat16> input = plane.input;
      input[std::size_t{k} * 16 + 3] = bfloat16(nan);
      std::vector<bfloat16> output(16);
      std::vector<std::uint8_t> positions(16);
      normalise_and_pool(plane.shape, input.data(), plane.scale.data(), plane.shift.data(),
                         output.data(), positions.data());

      EXPECT_TRUE(std::isnan(static_cast<float>(output[3])));
      EXPECT_EQ(positions[3], k);
      EXPECT_FALSE(std::isnan(static_cast<float>(output[2])));
    }
  });
}

TEST(NormPools, are_of_windows_side_by_side_and_whole_vectors) {
  MaxPoolShape shape = Plane(4, 4, 16).shape;
  EXPECT_TRUE(can_norm_pool(shape));
  for (const std::size_t channels : {1U, 8U, 24U})
    EXPECT_FALSE(can_norm_pool(Plane(4, 4, channels).shape));
  shape.stride = 1;
  EXPECT_FALSE(can_norm_pool(shape));
  shape = Plane(4, 4, 16).shape;
  shape.padding = 1;
  EXPECT_FALSE(can_norm_pool(shape));
  shape = Plane(4, 4, 16).shape;
  shape.kernel = 3;
  EXPECT_FALSE(can_norm_pool(shape));
}

}  // namespace
}  // namespace rondo::nn::cpu::kernel
