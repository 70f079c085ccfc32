// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
// Casts, accumulation and norms of more than 2^31 elements have the CPU's bits.
#include "support/large_gpu.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/precision/casts.hpp"
#include "rondo/precision/device_casts.hpp"
#include "rondo/precision/device_norm.hpp"
#include "rondo/precision/squares.hpp"
#include "rondo/precision/strided_sum.hpp"

#include "support/gpu_arrays.hpp"

namespace rondo::precision {
namespace {

TEST(LargeArrays, are_cast_there_and_back) {
  const Device device;
  DeviceStream stream(device);
  const test::Windows windows(test::large_count(device, 6));
  const std::vector<float> values = test::gpu_floats(windows.elements(), 1, true);
  std::vector<bfloat16> rounded(values.size());
  convert(std::span(values), std::span(rounded));
  std::vector<float> widened(values.size());
  convert(std::span<const bfloat16>(rounded), std::span(widened));
  DeviceMemory<float> floats(device, windows.count(), "a test's values");
  DeviceMemory<bfloat16> shorts(device, windows.count(), "a test's values");
  windows.write(stream, values, floats.span());

  convert(stream, DeviceSpan<const float>(floats.span()), shorts.span());
  EXPECT_TRUE(test::same_bits(windows.read(stream, shorts.span()), rounded));
  clear(stream, floats.span());
  convert(stream, DeviceSpan<const bfloat16>(shorts.span()), floats.span());
  EXPECT_TRUE(test::same_bits(windows.read(stream, floats.span()), widened));
}

TEST(LargeArrays, are_accumulated) {
  const Device device;
  DeviceStream stream(device);
  const test::Windows windows(test::large_count(device, 8));
  const std::vector<float> values = test::gpu_floats(windows.elements(), 2);
  const std::vector<float> sums = test::gpu_floats(windows.elements(), 3);
  std::vector<float> expected(values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    expected[i] = sums[i] + values[i];
  DeviceMemory<float> summands(device, windows.count(), "a test's values");
  DeviceMemory<float> sum(device, windows.count(), "a test's sums");
  windows.write(stream, values, summands.span());
  windows.write(stream, sums, sum.span());

  accumulate(stream, DeviceSpan<const float>(summands.span()), sum.span());
  EXPECT_TRUE(test::same_bits(windows.read(stream, sum.span()), expected));
}

TEST(LargeArrays, have_a_norm) {
  const Device device;
  DeviceStream stream(device);
  const test::Windows windows(test::large_count(device, 5));
  const std::vector<float> values = test::gpu_floats(windows.elements(), 4);
  std::vector<DevicePiece> pieces;
  for (std::size_t begin = 0; begin < windows.count(); begin += DevicePiece::most_elements)
    pieces.push_back({.begin = begin,
                      .count = static_cast<std::uint16_t>(
                          std::min(DevicePiece::most_elements, windows.count() - begin))});
  DeviceMemory<float> gradient(device, windows.count(), "a test's gradient");
  windows.write(stream, values, gradient.span());
  std::vector<double> squares;
  std::vector<float> of_piece(DevicePiece::most_elements);
  for (const DevicePiece& piece : pieces) {
    const auto part = std::span(of_piece).first(piece.count);
    windows.values_at(values, piece.begin, part);
    squares.push_back(sum_of_squares(std::span<const float>(part)));
  }
  const double expected = strided_sum(std::span<const double>(squares));

  const DevicePieces on_gpu(device, pieces);
  GradientNorm norm(device, on_gpu);
  norm.measure(stream, DeviceSpan<const float>(gradient.span()), {});
  std::vector<double> found(1);
  copy(stream, norm.parameter_squares(), std::span(found));
  stream.wait();
  EXPECT_EQ(found[0], expected);
}

}  // namespace
}  // namespace rondo::precision
