// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// cuDNN's convolutions beside the direct ones: only where there is a GPU.
#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "nn/cuda/library_convolution.hpp"
#include "nn/cuda/library_support.hpp"
#include "nn/cuda/tensors.hpp"
#include "support/gpu_arrays.hpp"

namespace rondo::nn::cuda {
namespace {

using Host = reference::Tensor;
using rondo::test::gpu_floats;
using rondo::test::OnGpu;

ConvolutionShape make_shape(std::size_t in, std::size_t out, std::size_t size, std::size_t kernel,
                            std::size_t stride, std::size_t padding) {
  const std::size_t pixels = (size + 2 * padding - kernel) / stride + 1;
  return {{in, size, size}, {out, pixels, pixels}, kernel, kernel, stride, padding};
}

template <class T>
class LibraryConvolutions : public testing::Test {
 protected:
  static constexpr double tolerance = test::library_tolerance<T>;

  struct Results {
    std::vector<float> output, input_diff, gradient;
    std::vector<float> normalised;  ///< none, if it cannot be had in one kernel
  };

  Results run(Convolution& convolution, const ConvolutionShape& shape, std::size_t batch) {
    Host input(batch, shape.input);
    Host diff(batch, shape.output);
    input.values = gpu_floats(input.values.size(), 1);
    diff.values = gpu_floats(diff.values.size(), 2);
    test::TensorOnGpu<T> x(device_, stream_, input);
    test::TensorOnGpu<T> dy(device_, stream_, diff);
    test::TensorOnGpu<T> y(device_, stream_, batch, shape.output);
    test::TensorOnGpu<T> dx(device_, stream_, batch, shape.input);
    OnGpu<T> weights(device_, stream_, test::typed_floats<T>(shape.weights(), 3));
    OnGpu<float> bias(device_, stream_, gpu_floats(shape.output.channels, 4));
    OnGpu<float> gradient(device_, stream_, std::vector<float>(shape.weights()));

    const ConvolutionTail tail{.bias = bias.span().data(), .activation = Activation::relu};
    convolution.choose(stream_, {.input = x.view(),
                                 .output = y.view(),
                                 .output_diff = dy.view(),
                                 .input_diff = dx.view(),
                                 .weights = weights.span().data(),
                                 .gradient = gradient.span(),
                                 .tail = tail});
    convolution.forward(stream_, x.view(), weights.span().data(), tail, y.view());
    convolution.backward_data(stream_, dy.view(), weights.span().data(), dx.view());
    convolution.backward_weights(stream_, x.view(), dy.view(), gradient.span());
    Results results{y.read().values, dx.read().values, gradient.read(), {}};
    results.normalised = normalise(convolution, x.view(), weights.span().data(), y);
    return results;
  }

  /// Of the output of a convolution, channel by channel, plus an addend.
  std::vector<float> normalise(Convolution& convolution, const Tensor& x, const void* weights,
                               test::TensorOnGpu<T>& y) {
    const std::size_t channels = y.view().shape.channels;
    OnGpu<float> scale(device_, stream_, gpu_floats(channels, 5));
    OnGpu<float> shift(device_, stream_, gpu_floats(channels, 6));
    Host host(x.batch, y.view().shape);
    host.values = gpu_floats(host.values.size(), 7);
    test::TensorOnGpu<T> addend(device_, stream_, host);
    const Normaliser behind{.scale = scale.span().data(),
                            .shift = shift.span().data(),
                            .addend = addend.view(),
                            .activation = Activation::relu};
    if (convolution.forward_normalised(stream_, x, weights, behind, y.view()))
      return y.read().values;
    return {};
  }
  /// The same by the CPU.
  std::vector<float> normalised_on_cpu(Convolution& direct, const ConvolutionShape& shape,
                                       std::size_t batch) {
    Host input(batch, shape.input);
    input.values = gpu_floats(input.values.size(), 1);
    test::TensorOnGpu<T> x(device_, stream_, input);
    test::TensorOnGpu<T> y(device_, stream_, batch, shape.output);
    OnGpu<T> weights(device_, stream_, test::typed_floats<T>(shape.weights(), 3));
    direct.forward(stream_, x.view(), weights.span().data(), {}, y.view());
    std::vector<float> values = y.read().values;
    const auto scale = gpu_floats(shape.output.channels, 5);
    const auto shift = gpu_floats(shape.output.channels, 6);
    const auto addend = gpu_floats(values.size(), 7);
    const std::size_t pixels = shape.output.height * shape.output.width;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t c = i / pixels % shape.output.channels;
      values[i] = std::max(0.0F, values[i] * scale[c] + shift[c] + addend[i]);
    }
    return values;
  }

  void expect_alike(const ConvolutionShape& shape, std::size_t batch, PlanChoice choice) {
    const auto direct = make_direct_convolution(shape);
    const auto library = make_library_convolution(
        make_libraries(device_, test::precision_of<T>, choice), "conv", shape);
    const Results expected = run(*direct, shape, batch);

    const Results found = run(*library, shape, batch);

    EXPECT_LT(test::relative_difference(found.output, expected.output), tolerance);
    EXPECT_LT(test::relative_difference(found.input_diff, expected.input_diff), tolerance);
    EXPECT_LT(test::relative_difference(found.gradient, expected.gradient), tolerance);
    if (!found.normalised.empty()) {
      EXPECT_LT(
          test::relative_difference(found.normalised, normalised_on_cpu(*direct, shape, batch)),
          2 * tolerance);
    }
    const Results again = run(*library, shape, batch);
    EXPECT_TRUE(rondo::test::same_bits(again.output, found.output));
    EXPECT_TRUE(rondo::test::same_bits(again.input_diff, found.input_diff));
    if (choice == PlanChoice::heuristic) {
      EXPECT_TRUE(rondo::test::same_bits(again.gradient, found.gradient));
    }
  }

  Device device_;
  DeviceStream stream_{device_};
};

TYPED_TEST_SUITE(LibraryConvolutions, test::LibraryTypes);

TYPED_TEST(LibraryConvolutions, have_the_results_of_direct_ones) {
  const std::vector<ConvolutionShape> shapes{
      make_shape(64, 64, 14, 3, 1, 1), make_shape(64, 128, 14, 1, 2, 0),
      make_shape(3, 64, 32, 7, 2, 3),  make_shape(1, 32, 28, 3, 1, 1),
      make_shape(17, 5, 9, 3, 2, 1),   make_shape(256, 10, 1, 1, 1, 0),
      make_shape(8, 10, 5, 5, 1, 0)};
  for (const ConvolutionShape& shape : shapes) {
    for (const std::size_t batch : {1, 5, 32}) {
      SCOPED_TRACE(fmt::format("{} -> {} channels of {}x{}, batch {}", shape.input.channels,
                               shape.output.channels, shape.input.height, shape.input.width,
                               batch));
      this->expect_alike(shape, batch, PlanChoice::heuristic);
    }
  }
}

TYPED_TEST(LibraryConvolutions, have_them_where_the_fastest_is_chosen) {
  this->expect_alike(make_shape(64, 64, 14, 3, 1, 1), 32, PlanChoice::measured);
}

}  // namespace
}  // namespace rondo::nn::cuda
