// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Kernels on their own, where whole networks do not lead: odd sizes, equal values, NaN.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include <gtest/gtest.h>

#include "nn/cuda/batch_norm.hpp"
#include "nn/cuda/channel_sums.hpp"
#include "nn/cuda/element_wise.hpp"
#include "nn/cuda/pool.hpp"
#include "nn/cuda/tensors.hpp"

namespace rondo::nn::cuda {
namespace {

using rondo::test::OnGpu;
using rondo::test::same_bits;
using test::TensorOnGpu;
using Host = reference::Tensor;

/// One channel, vectors of them, and what is neither.
constexpr std::array<std::size_t, 5> channel_counts{1, 3, 8, 16, 17};

class DeviceLayerKernels : public testing::Test {
 protected:
  template <class T = float>
  TensorOnGpu<T> upload(const Host& host) {
    return {device_, stream_, host};
  }
  template <class T = float>
  TensorOnGpu<T> unwritten(std::size_t batch, const ImageShape& shape) {
    return {device_, stream_, batch, shape};
  }

  Device device_;
  DeviceStream stream_{device_};
};

Host random_tensor(std::size_t batch, const ImageShape& shape, unsigned seed) {
  Host host(batch, shape);
  host.values = rondo::test::gpu_floats(host.values.size(), seed);
  return host;
}

/// Values of which many are equal, and some are not numbers.
Host awkward_tensor(std::size_t batch, const ImageShape& shape, unsigned seed) {
  Host host = random_tensor(batch, shape, seed);
  for (std::size_t i = 0; i < host.values.size(); ++i) {
    host.values[i] = std::round(host.values[i]);
    if (i % 7 == 2) host.values[i] = NAN;
    if (i % 11 == 3) host.values[i] = -INFINITY;
    if (i % 13 == 5) host.values[i] = INFINITY;
  }
  return host;
}

std::unique_ptr<reference::LayerFunction> reference_layer(const SimpleLayer& layer,
                                                          const ImageShape& output) {
  ResolvedLayer resolved;
  resolved.layer = layer;
  resolved.output = output;
  return reference::make_layer(resolved, {});
}

ImageShape pooled(const ImageShape& shape, const MaxPool& pool) {
  const auto count = [&](std::size_t extent) {
    return (extent + 2 * pool.padding - pool.kernel) / pool.stride + 1;
  };
  return {shape.channels, count(shape.height), count(shape.width)};
}

TEST_F(DeviceLayerKernels, max_pool_chooses_as_the_reference_among_equals_and_nan) {
  for (const std::size_t channels : channel_counts) {
    for (const MaxPool& pool : {MaxPool{}, MaxPool{3, 2, 1}, MaxPool{3, 1, 2}, MaxPool{5, 3, 4}}) {
      for (const std::size_t batch : {1U, 5U}) {
        const ImageShape shape{channels, 9, 7};
        const ImageShape out = pooled(shape, pool);
        const Host input = awkward_tensor(batch, shape, 1);
        const Host diff = random_tensor(batch, out, 2);
        const auto expected = reference_layer(pool, out);
        const Window window{pool.kernel, pool.kernel, pool.stride, pool.padding};
        auto x = upload(input);
        auto y = unwritten(batch, out);
        auto dy = upload(diff);
        auto dx = unwritten(batch, shape);
        DeviceMemory<WindowPosition> positions(device_, diff.values.size(), "a test");

        max_pool(stream_, window, x.view(), y.view(), positions.span().data());
        max_pool_backward(stream_, window, positions.span().data(), dy.view(), dx.view());

        EXPECT_TRUE(same_bits(y.read().values,
                              expected->forward(input, {.mode = reference::Mode::train}).values));
        EXPECT_TRUE(same_bits(dx.read().values, expected->backward(input, diff, 1).values));
      }
    }
  }
}

TEST_F(DeviceLayerKernels, max_pool_keeps_a_nan_wherever_it_is) {
  for (std::size_t at = 0; at < 4; ++at) {
    Host input = random_tensor(1, {1, 2, 2}, 1);
    input.values[at] = NAN;
    auto x = upload(input);
    auto y = upload(Host(1, {1, 1, 1}));

    max_pool(stream_, {2, 2, 2, 0}, x.view(), y.view(), nullptr);

    EXPECT_TRUE(std::isnan(y.read().values[0])) << "position " << at;
  }
}

TEST_F(DeviceLayerKernels, max_pool_needs_no_positions_in_evaluation) {
  const Host input = random_tensor(2, {8, 4, 4}, 1);
  auto x = upload(input);
  auto y = unwritten(2, {8, 2, 2});
  auto positioned = unwritten(2, {8, 2, 2});
  DeviceMemory<WindowPosition> positions(device_, 64, "a test");

  max_pool(stream_, {2, 2, 2, 0}, x.view(), y.view(), nullptr);
  max_pool(stream_, {2, 2, 2, 0}, x.view(), positioned.view(), positions.span().data());

  EXPECT_TRUE(same_bits(y.read().values, positioned.read().values));
}

TEST_F(DeviceLayerKernels, average_pool_agrees_with_the_reference) {
  for (const std::size_t channels : channel_counts) {
    for (const AveragePool& pool : {AveragePool{}, AveragePool{3, 2}, AveragePool{2, 1}}) {
      const ImageShape shape{channels, 9, 7};
      const ImageShape out = pooled(shape, {pool.kernel, pool.stride, 0});
      const Host input = random_tensor(5, shape, 1);
      const Host diff = random_tensor(5, out, 2);
      const auto expected = reference_layer(pool, out);
      const Window window{pool.kernel, pool.kernel, pool.stride};
      auto x = upload(input);
      auto y = unwritten(5, out);
      auto dy = upload(diff);
      auto dx = unwritten(5, shape);

      average_pool(stream_, window, x.view(), y.view());
      average_pool_backward(stream_, window, dy.view(), dx.view());

      const auto outputs = y.read().values;
      const auto expected_outputs = expected->forward(input, {}).values;
      for (std::size_t i = 0; i < outputs.size(); ++i)
        EXPECT_NEAR(outputs[i], expected_outputs[i], 1e-6);
      const auto diffs = dx.read().values;
      const auto expected_diffs = expected->backward(input, diff, 1).values;
      for (std::size_t i = 0; i < diffs.size(); ++i)
        EXPECT_NEAR(diffs[i], expected_diffs[i], 1e-6);
    }
  }
}

TEST_F(DeviceLayerKernels, relu_is_the_references_for_every_kind_of_number) {
  for (const std::size_t channels : channel_counts) {
    const ImageShape shape{channels, 3, 5};
    Host input = awkward_tensor(3, shape, 1);
    input.values[1] = -0.0F;
    input.values[4] = std::numeric_limits<float>::denorm_min();
    const Host diff = random_tensor(3, shape, 2);
    const auto expected = reference_layer(Relu{}, shape);
    auto x = upload(input);
    auto y = unwritten(3, shape);
    auto dy = upload(diff);

    relu(stream_, x.view(), y.view());
    relu_backward(stream_, y.view(), dy.view(), dy.view());

    EXPECT_TRUE(same_bits(y.read().values, expected->forward(input, {}).values));
    EXPECT_TRUE(same_bits(dy.read().values, expected->backward(input, diff, 1).values));
  }
}

TEST_F(DeviceLayerKernels, sums_of_two_tensors_may_take_the_place_of_one) {
  const ImageShape shape{17, 3, 5};
  const Host a = random_tensor(3, shape, 1);
  const Host b = random_tensor(3, shape, 2);
  for (const Activation activation : {Activation::none, Activation::relu}) {
    std::vector<float> expected(a.values.size());
    std::transform(a.values.begin(), a.values.end(), b.values.begin(), expected.begin(),
                   [=](float x, float y) {
                     return activation == Activation::none || x + y > 0 ? x + y : 0.0F;
                   });
    auto first = upload(a);
    auto second = upload(b);

    add(stream_, first.view(), second.view(), activation, second.view());

    EXPECT_TRUE(same_bits(second.read().values, expected));
  }
}

TEST_F(DeviceLayerKernels, a_bias_is_added_to_each_element_of_its_channel) {
  for (const std::size_t channels : channel_counts) {
    const Host a = random_tensor(3, {channels, 3, 5}, 1);
    const std::vector<float> bias = rondo::test::gpu_floats(channels, 2);
    OnGpu<float> on_gpu(device_, stream_, bias);
    std::vector<float> expected = a.values;
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] += bias[i / 15 % channels];
    auto sums = upload(a);

    add_bias(stream_, sums.view(), on_gpu.span().data());

    EXPECT_TRUE(same_bits(sums.read().values, expected)) << channels;
  }
}

template <class T>
std::vector<float> rounded(const std::vector<float>& values) {
  std::vector<float> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(),
                 [](float value) { return static_cast<float>(static_cast<T>(value)); });
  return result;
}

/// Numbers of channels, none of which begins at a multiple of sixteen bytes if `offset` is not 0.
struct RandomChannels {
  RandomChannels(const Device& device, DeviceStream& stream, std::size_t channels,
                 std::size_t offset) {
    for (unsigned k = 0; k < 6; ++k) {
      values.push_back(rondo::test::gpu_floats(channels, k));
      memory.push_back(std::make_unique<OnGpu<float>>(device, stream, values[k], offset));
    }
  }
  NormChannels view() {
    const auto at = [this](std::size_t k) { return memory[k]->span().data(); };
    return {.count = values[0].size(),
            .lanes = 1,
            .scale = at(0),
            .shift = at(1),
            .mean = at(2),
            .variance = nullptr,
            .inverse_deviation = at(3),
            .mean_diff = at(4),
            .mean_product = at(5),
            .epsilon = 0};
  }
  float normalised(float value, std::size_t c) const {
    return (value - values[2][c]) * values[3][c];
  }
  float output(float value, std::size_t c) const {
    return normalised(value, c) * values[0][c] + values[1][c];
  }
  float input_diff(float value, float diff, std::size_t c) const {
    const float centred = diff - values[4][c] - normalised(value, c) * values[5][c];
    return values[0][c] * values[3][c] * centred;
  }

  std::vector<std::vector<float>> values;
  std::vector<std::unique_ptr<OnGpu<float>>> memory;
};

/// In the type, by the formulas; `f` gets the number of the element and its channel.
template <class T, class F>
std::vector<float> of_elements(const Host& host, F f) {
  std::vector<float> values(host.values.size());
  const std::size_t pixels = host.shape.height * host.shape.width;
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = f(i, i / pixels % host.shape.channels);
  return rounded<T>(values);
}

template <class T>
class DeviceNorm : public DeviceLayerKernels {
 protected:
  /// Channels that are and are not a multiple of vectors, and a pixel longer than a small grid.
  void expect_formulas(std::size_t channels, std::size_t offset, Activation activation) {
    const ImageShape shape{channels, 3, channels > 1000 ? 1U : 37U};
    input_ = random_tensor(2, shape, 11);
    input_.values = rounded<T>(input_.values);
    Host other = random_tensor(2, shape, 12);
    other.values = rounded<T>(other.values);
    RandomChannels numbers(device_, stream_, channels, offset);
    auto x = upload<T>(input_);
    auto addend = upload<T>(other);
    auto y = unwritten<T>(2, shape);
    auto sum = unwritten<T>(2, shape);
    auto dx = unwritten<T>(2, shape);

    normalise(stream_, x.view(), numbers.view(), {}, activation, y.view());
    normalise(stream_, x.view(), numbers.view(), addend.view(), activation, sum.view());
    normalise_backward(stream_, x.view(), {.diff = addend.view(), .activation = activation},
                       numbers.view(), dx.view());

    const bool all = activation == Activation::none;
    const auto passed = [&](float value) { return all || value > 0 ? value : 0.0F; };
    EXPECT_TRUE(
        same_bits(y.read().values, of_elements<T>(input_, [&](std::size_t i, std::size_t c) {
                    return passed(numbers.output(input_.values[i], c));
                  })));
    EXPECT_TRUE(
        same_bits(sum.read().values, of_elements<T>(input_, [&](std::size_t i, std::size_t c) {
                    return passed(numbers.output(input_.values[i], c) + other.values[i]);
                  })));
    EXPECT_TRUE(same_bits(
        dx.read().values, of_elements<T>(input_, [&](std::size_t i, std::size_t c) {
          const bool lets_pass = all || numbers.output(input_.values[i], c) > 0;
          return numbers.input_diff(input_.values[i], lets_pass ? other.values[i] : 0.0F, c);
        })));
  }

  Host input_{1, {1, 1, 1}};
};

using NormTypes = testing::Types<float, bfloat16, half>;
TYPED_TEST_SUITE(DeviceNorm, NormTypes);

TYPED_TEST(DeviceNorm, is_the_formula_of_each_element_wherever_the_numbers_are) {
  for (const std::size_t channels : {1U, 3U, 8U, 17U, 24U, 1040U, 2081U})
    for (const std::size_t offset : {0U, 1U})
      this->expect_formulas(channels, offset, offset == 0 ? Activation::none : Activation::relu);
  for (const std::size_t offset : {0U, 1U})
    this->expect_formulas(40, offset, offset == 1 ? Activation::none : Activation::relu);
}

TEST_F(DeviceLayerKernels, images_keep_their_values_in_another_order) {
  for (const std::size_t channels : channel_counts) {
    const Host images = awkward_tensor(5, {channels, 3, 7}, 1);
    OnGpu<float> planar(device_, stream_, images.values);
    OnGpu<Lane> lane(device_, stream_, {Lane{.images = planar.span().data()}});
    auto f32 = unwritten(5, images.shape);
    auto bf16 = unwritten<bfloat16>(5, images.shape);
    auto f16 = unwritten<half>(5, images.shape);

    convert_images(stream_, lane.span().data(), f32.view());
    convert_images(stream_, lane.span().data(), bf16.view());
    convert_images(stream_, lane.span().data(), f16.view());

    EXPECT_TRUE(same_bits(f32.read().values, images.values));
    EXPECT_TRUE(same_bits(bf16.read().values, rounded<bfloat16>(images.values)));
    EXPECT_TRUE(same_bits(f16.read().values, rounded<half>(images.values)));
  }
}

TEST_F(DeviceLayerKernels, dropout_draws_the_hosts_mask) {
  const DropoutKey key{.seed = 0x123456789ABCULL, .step = 77, .lane = 5};
  for (const std::size_t channels : channel_counts) {
    const Host input = random_tensor(5, {channels, 3, 7}, 1);
    std::vector<float> expected(input.values.size());
    draw_dropout_mask(key, 9, 0.3F, expected);
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] *= input.values[i];
    OnGpu<DropoutMask> mask(device_, stream_, {DropoutMask(key, 9, 0.3F)});
    auto x = upload(input);
    auto y = unwritten(5, input.shape);

    dropout(stream_, mask.span().data(), 1, x.view(), y.view());

    EXPECT_TRUE(same_bits(y.read().values, expected));
  }
}

TEST_F(DeviceLayerKernels, lanes_are_stored_with_the_masks_of_all_dropouts) {
  const NetworkSpec spec{"dropouts",
                         {3, 5, 7},
                         105,
                         {Dropout{0.3F}, Relu{}, Dropout{0.6F}, Linear{.out_features = 105}}};
  const Topology topology = resolve(spec);
  LaneMemory memory(device_, topology, 2);
  const DropoutKey key{.seed = 4, .step = 5, .lane = 6};
  const Host input = random_tensor(1, spec.input, 1);
  auto x = upload(input);
  for (const auto& [layer, probability] : {std::pair(0U, 0.3F), std::pair(2U, 0.6F)}) {
    std::vector<float> expected(input.values.size());
    draw_dropout_mask(key, layer, probability, expected);
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] *= input.values[i];
    auto trained = unwritten(1, input.shape);
    auto evaluated = unwritten(1, input.shape);

    memory.store(stream_, {}, key, 1, true);
    dropout(stream_, memory.masks_of(layer), 1, x.view(), trained.view());
    memory.store(stream_, {}, key, 1, false);
    dropout(stream_, memory.masks_of(layer), 1, x.view(), evaluated.view());

    EXPECT_TRUE(same_bits(trained.read().values, expected));
    EXPECT_TRUE(same_bits(evaluated.read().values, input.values));
  }
}

TEST_F(DeviceLayerKernels, sums_of_channels_are_exact_for_any_number_of_pixels) {
  for (const std::size_t channels : {1U, 3U, 17U, 300U, 600U}) {
    for (const std::size_t pixels : {1U, 7U, 2000U}) {
      Host tensor(1, {channels, pixels, 1});
      for (std::size_t i = 0; i < tensor.values.size(); ++i)
        tensor.values[i] = static_cast<float>(i * 31 % 201) - 100;  // integers: no sum is rounded
      std::vector<float> expected(channels, 0.5F);
      for (std::size_t i = 0; i < tensor.values.size(); ++i)
        expected[i / pixels] += tensor.values[i];
      auto values = upload<bfloat16>(tensor);
      OnGpu<float> sums(device_, stream_, std::vector<float>(channels, 0.5F));
      DeviceMemory<double> parts(device_, slice_sums_for(channels), "a test");

      add_channel_sums(stream_, values.view(), parts.span().data(), sums.span().data());

      EXPECT_TRUE(same_bits(sums.read(), expected, "channel")) << pixels << " pixels";
    }
  }
}

// The square of the mean is 10^8 times the variance: sums in f32 would leave nothing of it.
TEST_F(DeviceLayerKernels, variance_survives_a_mean_far_from_zero) {
  for (const std::size_t channels : channel_counts) {
    Host input = random_tensor(5, {channels, 19, 23}, 1);
    for (float& value : input.values)
      value = 1e4F + value;
    auto x = upload(input);
    DeviceMemory<float> numbers(device_, 3 * channels, "a test");
    DeviceMemory<double> parts(device_, slice_sums_for(channels), "a test");
    float* const first = numbers.span().data();
    const NormChannels norm{.count = channels,
                            .lanes = 1,
                            .scale = nullptr,
                            .shift = nullptr,
                            .mean = first,
                            .variance = first + channels,
                            .inverse_deviation = first + 2 * channels,
                            .mean_diff = nullptr,
                            .mean_product = nullptr,
                            .epsilon = 1e-5F};

    measure_statistics(stream_, x.view(), norm, parts.span().data());

    std::vector<float> found(3 * channels);
    copy<float>(stream_, numbers.span(), std::span(found));
    stream_.wait();
    for (std::size_t c = 0; c < channels; ++c) {
      double mean = 0;
      double variance = 0;
      const double count = 5 * 19 * 23;
      for (std::size_t n = 0; n < 5; ++n)
        for (std::size_t i = 0; i < 19 * 23; ++i)
          mean += double{input.values[(n * channels + c) * 19 * 23 + i]} / count;
      for (std::size_t n = 0; n < 5; ++n)
        for (std::size_t i = 0; i < 19 * 23; ++i)
          variance +=
              std::pow(double{input.values[(n * channels + c) * 19 * 23 + i]} - mean, 2) / count;
      EXPECT_NEAR(found[c], mean, 1e-3);
      EXPECT_NEAR(found[channels + c], variance, 1e-6);
      EXPECT_NEAR(found[2 * channels + c], 1 / std::sqrt(variance + 1e-5), 1e-6);
    }
  }
}

}  // namespace
}  // namespace rondo::nn::cuda
