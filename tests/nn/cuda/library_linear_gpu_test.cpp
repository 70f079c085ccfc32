// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// cuBLASLt's linear layers beside the direct ones.
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "nn/cuda/channel_sums.hpp"
#include "nn/cuda/library_convolution.hpp"
#include "nn/cuda/library_linear.hpp"
#include "nn/cuda/library_support.hpp"
#include "nn/cuda/tensors.hpp"
#include "support/gpu_arrays.hpp"

namespace rondo::nn::cuda {
namespace {

using Host = reference::Tensor;
using rondo::test::gpu_floats;
using rondo::test::OnGpu;

ConvolutionShape make_shape(const ImageShape& input, std::size_t outputs) {
  return {input, {outputs, 1, 1}, input.height, input.width};
}

/// One layer's tensors, and what is computed of them.
template <class T>
struct Case {
  Case(const Device& device, DeviceStream& stream, const ConvolutionShape& layer, std::size_t batch)
      : shape(layer),
        input(device, stream, random(batch, layer.input, 1)),
        diff(device, stream, random(batch, layer.output, 2)),
        output(device, stream, batch, layer.output),
        input_diff(device, stream, batch, layer.input),
        weights(device, stream, test::typed_floats<T>(layer.weights(), 3)),
        working_bias(device, stream, test::typed_floats<T>(layer.output.channels, 4)),
        bias(device, stream, floats(working_bias.read())),
        gradient(device, stream, std::vector<float>(layer.weights())),
        bias_gradient(device, stream, gpu_floats(layer.output.channels, 5)),
        slice_sums(device, stream, std::vector<double>(slice_sums_for(layer.output.channels))) {}

  static Host random(std::size_t batch, const ImageShape& shape, unsigned seed) {
    Host host(batch, shape);
    host.values = gpu_floats(host.values.size(), seed);
    return host;
  }
  static std::vector<float> floats(const std::vector<T>& values) {
    return {values.begin(), values.end()};
  }

  ConvolutionShape shape;
  test::TensorOnGpu<T> input, diff, output, input_diff;
  OnGpu<T> weights, working_bias;
  OnGpu<float> bias, gradient, bias_gradient;
  OnGpu<double> slice_sums;
};

struct Results {
  std::vector<float> output, input_diff, gradient, bias_gradient;
};

template <class T>
Results read(Case<T>& c) {
  return {c.output.read().values, c.input_diff.read().values, c.gradient.read(),
          c.bias_gradient.read()};
}

template <class T>
class LibraryLinears : public testing::Test {
 protected:
  static constexpr double tolerance = test::library_tolerance<T>;

  Results run_direct(Case<T> c, bool has_bias, Activation activation) {
    const auto direct = make_direct_convolution(c.shape);
    direct->forward(stream_, c.input.view(), c.weights.span().data(),
                    {.bias = has_bias ? c.bias.span().data() : nullptr, .activation = activation},
                    c.output.view());
    direct->backward_data(stream_, c.diff.view(), c.weights.span().data(), c.input_diff.view());
    direct->backward_weights(stream_, c.input.view(), c.diff.view(), c.gradient.span());
    if (has_bias)
      add_channel_sums(stream_, c.diff.view(), c.slice_sums.span().data(),
                       c.bias_gradient.span().data());
    return read(c);
  }

  Results run_library(LibraryLinear& linear, Case<T> c, bool has_bias, Activation activation) {
    Bias bias;
    BiasGradient bias_gradient;
    if (has_bias) {
      bias = {c.bias.span().data(), c.working_bias.span().data()};
      bias_gradient = {c.bias_gradient.span().data(), c.slice_sums.span().data()};
    }
    linear.forward(stream_, c.input.view(), c.weights.span().data(), bias, activation,
                   c.output.view());
    linear.backward_data(stream_, c.diff.view(), c.weights.span().data(), c.input_diff.view());
    linear.backward_weights(stream_, c.input.view(), c.diff.view(), c.gradient.span(),
                            bias_gradient);
    return read(c);
  }

  void expect_alike(const ConvolutionShape& shape, std::size_t batch, bool has_bias,
                    Activation activation) {
    const auto make_case = [&] { return Case<T>(device_, stream_, shape, batch); };
    LibraryLinear linear(libraries_, shape);
    const Results expected = run_direct(make_case(), has_bias, activation);

    const Results found = run_library(linear, make_case(), has_bias, activation);

    EXPECT_LT(test::relative_difference(found.output, expected.output), tolerance);
    EXPECT_LT(test::relative_difference(found.input_diff, expected.input_diff), tolerance);
    EXPECT_LT(test::relative_difference(found.gradient, expected.gradient), 1e-5);
    EXPECT_LT(test::relative_difference(found.bias_gradient, expected.bias_gradient), 1e-5);
    const Results again = run_library(linear, make_case(), has_bias, activation);
    EXPECT_TRUE(rondo::test::same_bits(again.output, found.output));
    EXPECT_TRUE(rondo::test::same_bits(again.input_diff, found.input_diff));
    EXPECT_TRUE(rondo::test::same_bits(again.gradient, found.gradient));
    EXPECT_TRUE(rondo::test::same_bits(again.bias_gradient, found.bias_gradient));
  }

  Device device_;
  DeviceStream stream_{device_};
  std::shared_ptr<Libraries> libraries_ =
      make_libraries(device_, test::precision_of<T>, PlanChoice::heuristic);
};

TYPED_TEST_SUITE(LibraryLinears, test::LibraryTypes);

TYPED_TEST(LibraryLinears, have_the_results_of_direct_ones) {
  for (const auto& [input, outputs] : {std::pair(ImageShape{256, 1, 1}, std::size_t{10}),
                                       std::pair(ImageShape{17, 1, 1}, std::size_t{33}),
                                       std::pair(ImageShape{8, 3, 5}, std::size_t{24}),
                                       std::pair(ImageShape{1, 1, 1}, std::size_t{7})})
    for (const std::size_t batch : {1, 5, 32})
      for (const bool has_bias : {false, true})
        for (const Activation activation : {Activation::none, Activation::relu}) {
          SCOPED_TRACE(fmt::format("{}x{}x{} to {}, batch {}, bias {}, ReLU {}", input.channels,
                                   input.height, input.width, outputs, batch, has_bias,
                                   activation == Activation::relu));
          this->expect_alike(make_shape(input, outputs), batch, has_bias, activation);
        }
}

}  // namespace
}  // namespace rondo::nn::cuda
