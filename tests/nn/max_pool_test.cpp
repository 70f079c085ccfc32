// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// The CPU's max-pooling against the reference, bit by bit, where whole networks do not lead.
#include "nn/cpu/kernels/max_pool.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "nn/reference/layers.hpp"
#include "nn/support.hpp"
#include "support/vector_targets.hpp"

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
template <class T>
std::vector<T> to_plane(const std::vector<T>& values, std::size_t channels) {
  std::vector<T> plane(values.size());
  const std::size_t pixels = values.size() / channels;
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t i = 0; i < pixels; ++i)
      plane[i * channels + c] = values[c * pixels + i];
  return plane;
}

std::uint32_t bits_of(float value) {
  return std::bit_cast<std::uint32_t>(value);
}
std::uint32_t bits_of(bfloat16 value) {
  return value.bits();
}
std::uint32_t bits_of(std::uint8_t value) {
  return value;
}
template <class T>
std::vector<std::uint32_t> bits_of(const std::vector<T>& values) {
  std::vector<std::uint32_t> bits;
  for (const T value : values)
    bits.push_back(bits_of(value));
  return bits;
}

template <class T>
std::vector<T> rounded(const std::vector<float>& values) {
  std::vector<T> result;
  for (const float value : values)
    result.emplace_back(value);
  return result;
}

/// Values between two others, so that no vector of them is aligned.
template <class T>
class Fenced {
 public:
  explicit Fenced(std::size_t count) : values_(count + 2, T(7)) {}
  explicit Fenced(const std::vector<T>& values) : Fenced(values.size()) {
    std::ranges::copy(values, data());
  }
  T* data() { return values_.data() + 1; }
  /// The values; a failure if the others were written.
  std::vector<T> take() {
    EXPECT_EQ(bits_of(values_.front()), bits_of(T(7)));
    EXPECT_EQ(bits_of(values_.back()), bits_of(T(7)));
    return {values_.begin() + 1, values_.end() - 1};
  }

 private:
  std::vector<T> values_;
};

template <class T>
struct Pooled {
  std::vector<T> output;
  std::vector<T> evaluated;  ///< without positions
  std::vector<T> input_diff;
};

template <class T>
Pooled<T> run(const MaxPoolShape& shape, const std::vector<T>& input,
              const std::vector<T>& output_diff) {
  Fenced<T> from(input);
  Fenced<T> diffs(output_diff);
  Fenced<T> output(shape.outputs());
  Fenced<T> evaluated(shape.outputs());
  Fenced<T> input_diff(shape.inputs());
  Fenced<std::uint8_t> positions(shape.outputs());
  max_pool(shape, from.data(), output.data(), positions.data());
  max_pool(shape, from.data(), evaluated.data(), nullptr);
  max_pool_backward(shape, positions.data(), diffs.data(), input_diff.data());
  positions.take();
  return {output.take(), evaluated.take(), input_diff.take()};
}

/// The reference adds up f32, so that its sums of bf16 are to be rounded.
template <class T>
void expect_the_reference_s_bits(const MaxPool& pool, const ImageShape& image, bool has_equals) {
  const MaxPoolShape shape = shape_of(pool, image);
  ResolvedLayer layer;
  layer.layer = pool;
  layer.input = image;
  layer.output = {image.channels, shape.out_height, shape.out_width};
  const auto values = rounded<T>(has_equals ? few_values(shape.inputs(), 1)
                                            : test::random_values(shape.inputs(), 1));
  auto diffs = rounded<T>(test::random_values(shape.outputs(), 2));
  diffs[0] = T(-0.0F);
  const auto reference = nn::reference::make_layer(layer, {});
  nn::reference::Tensor input(1, layer.input);
  nn::reference::Tensor output_diff(1, layer.output);
  std::ranges::transform(values, input.values.begin(), [](T v) { return static_cast<float>(v); });
  std::ranges::transform(diffs, output_diff.values.begin(),
                         [](T v) { return static_cast<float>(v); });
  const auto expected = rounded<T>(reference->forward(input, {}).values);
  const auto expected_diff = rounded<T>(reference->backward(input, output_diff, 1).values);

  rondo::test::for_each_target([&] {
    const auto pooled =
        run(shape, to_plane(values, image.channels), to_plane(diffs, image.channels));
    EXPECT_EQ(bits_of(pooled.output), bits_of(to_plane(expected, image.channels)));
    EXPECT_EQ(bits_of(pooled.evaluated), bits_of(pooled.output));
    EXPECT_EQ(bits_of(pooled.input_diff), bits_of(to_plane(expected_diff, image.channels)));
  });
}

class MaxPoolKernel : public testing::TestWithParam<std::tuple<MaxPool, std::size_t, bool>> {};

TEST_P(MaxPoolKernel, has_the_reference_s_bits) {
  const auto& [pool, channels, has_equals] = GetParam();
  for (const auto& [height, width] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {4, 4}, {5, 7}, {9, 6}, {16, 17}}) {
    if (std::min(height, width) + 2 * pool.padding < pool.kernel) continue;
    SCOPED_TRACE(testing::Message() << height << " x " << width);
    expect_the_reference_s_bits<float>(pool, {channels, height, width}, has_equals);
    expect_the_reference_s_bits<bfloat16>(pool, {channels, height, width}, has_equals);
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
                     testing::Values(1, 3, 8, 13, 16, 63), testing::Bool()));

template <class T>
class MaxPoolKernels : public testing::Test {};

struct TypeName {
  template <class T>
  static std::string GetName(int) {
    return std::is_same_v<T, float> ? "f32" : "bf16";
  }
};

using Types = testing::Types<float, bfloat16>;
TYPED_TEST_SUITE(MaxPoolKernels, Types, TypeName);

/// Not a number, signalling, of either sign: no conversion keeps its bits.
template <class T>
T odd_nan(bool is_negative);
template <>
float odd_nan<float>(bool is_negative) {
  return std::bit_cast<float>(is_negative ? 0xFF812345U : 0x7F812345U);
}
template <>
bfloat16 odd_nan<bfloat16>(bool is_negative) {
  return bfloat16::from_bits(is_negative ? 0xFF81 : 0x7F81);
}

TYPED_TEST(MaxPoolKernels, keep_not_a_number_wherever_it_is_in_the_window) {
  using T = TypeParam;
  for (const std::size_t kernel : {2U, 3U}) {
    const MaxPoolShape shape =
        shape_of(MaxPool{.kernel = kernel, .stride = kernel}, {37, kernel, kernel});
    for (std::size_t at = 0; at < kernel * kernel; ++at) {
      SCOPED_TRACE(testing::Message() << "position " << at);
      const T nan = odd_nan<T>(at % 2 == 1);
      auto input = rounded<T>(test::random_values(shape.inputs(), 3));
      std::fill_n(&input[at * 37], 37, nan);
      std::vector<T> chosen(shape.inputs());
      std::fill_n(&chosen[at * 37], 37, T(5));

      rondo::test::for_each_target([&] {
        const auto pooled = run(shape, input, std::vector<T>(37, T(5)));

        EXPECT_EQ(bits_of(pooled.output), bits_of(std::vector<T>(37, nan)));
        EXPECT_EQ(bits_of(pooled.input_diff), bits_of(chosen));
      });
    }
  }
}

TYPED_TEST(MaxPoolKernels, give_the_gradient_to_the_last_of_several_not_a_numbers) {
  using T = TypeParam;
  const MaxPoolShape shape = shape_of(MaxPool{}, {1, 2, 2});

  const auto pooled = run(shape, rounded<T>({NAN, 1, NAN, infinity}), rounded<T>({5}));

  EXPECT_EQ(bits_of(pooled.input_diff), bits_of(rounded<T>({0, 0, 5, 0})));
}

TYPED_TEST(MaxPoolKernels, tell_256_positions_apart) {
  using T = TypeParam;
  const MaxPoolShape shape = shape_of(MaxPool{.kernel = 16, .stride = 16}, {1, 16, 16});
  std::vector<T> input(256);
  input.back() = T(1);

  const auto pooled = run(shape, input, rounded<T>({5}));

  EXPECT_EQ(static_cast<float>(pooled.input_diff.back()), 5);
  EXPECT_EQ(static_cast<float>(pooled.input_diff[0]), 0);
}

// 256 + 1 + 1 is 258, but stays 256 if every sum is rounded to bf16.
TEST(MaxPoolKernelsInBf16, round_a_sum_once) {
  const MaxPoolShape shape = shape_of(MaxPool{.kernel = 3, .stride = 1}, {1, 3, 5});
  std::vector<bfloat16> input(15);
  input[7] = bfloat16(1);

  const auto pooled = run(shape, input, rounded<bfloat16>({256, 1, 1}));

  EXPECT_EQ(static_cast<float>(pooled.input_diff[7]), 258);
}

}  // namespace
}  // namespace rondo::nn::cpu::kernel
