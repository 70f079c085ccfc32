// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/error.hpp"
#include "rondo/precision/device_norm.hpp"
#include "rondo/precision/squares.hpp"
#include "rondo/precision/strided_sum.hpp"

#include "precision/kernels/verdict.hpp"
#include "support/gpu_arrays.hpp"

namespace rondo::precision {
namespace {

/// By parameter.
std::vector<double> parameter_squares(const std::vector<double>& squares,
                                      const std::vector<DevicePiece>& pieces) {
  std::vector<std::vector<double>> of(pieces.empty() ? 0 : pieces.back().parameter + 1);
  for (std::size_t i = 0; i < squares.size(); ++i)
    of[pieces[i].parameter].push_back(squares[i]);
  std::vector<double> sums;
  for (const std::vector<double>& own : of)
    sums.push_back(strided_sum(std::span(own)));
  return sums;
}

/// As a session does it.
double counted_sum(std::vector<double> sums, const std::vector<DevicePiece>& pieces) {
  for (const DevicePiece& piece : pieces)
    if (piece.role == ParameterRole::statistic) sums[piece.parameter] = 0;
  return strided_sum(std::span<const double>(sums));
}

struct Gradient {
  std::vector<float> values;
  std::vector<DevicePiece> pieces;
};

/// Pieces of all lengths, on cache lines with gaps that hold what must not be read, or packed; a
/// few a parameter, some parameters have none.
Gradient gradient_of(std::size_t piece_count, std::size_t alignment,
                     std::size_t pieces_per_parameter = 60) {
  Gradient gradient;
  for (std::size_t i = 0; i < piece_count; ++i) {
    const std::size_t count = i % 5 == 0 ? 1024 : 1 + i * 37 % 1024;
    const std::size_t begin = (gradient.values.size() + alignment - 1) / alignment * alignment;
    gradient.values.resize(begin, std::numeric_limits<float>::quiet_NaN());
    const auto parameter = static_cast<std::uint32_t>(i / pieces_per_parameter * 2);
    const std::vector<float> values = test::gpu_floats(count, static_cast<unsigned>(i));
    gradient.values.insert(gradient.values.end(), values.begin(), values.end());
    gradient.pieces.push_back({.begin = begin,
                               .count = static_cast<std::uint16_t>(count),
                               .role = static_cast<ParameterRole>(parameter % 3),
                               .parameter = parameter});
  }
  return gradient;
}

void expect_as_on_the_cpu(const Gradient& gradient, std::size_t offset) {
  const Device device;
  DeviceStream stream(device);
  const DevicePieces pieces(device, gradient.pieces);
  test::OnGpu<float> grads(device, stream, gradient.values, offset);
  GradientNorm norm(device, pieces);
  std::vector<double> expected;
  for (const DevicePiece& piece : gradient.pieces)
    expected.push_back(
        sum_of_squares(std::span(gradient.values).subspan(piece.begin, piece.count)));

  // The second time, what the first one left behind must not count.
  for (const double divisor : {24.0, 12.0}) {
    const Unscaling unscaling{.divisor = divisor, .clip_norm = 0.5};
    const std::vector<double> by_parameter = parameter_squares(expected, gradient.pieces);
    const GradientVerdict verdict = judge(counted_sum(by_parameter, gradient.pieces), unscaling);
    norm.measure(stream, grads.span(), unscaling);
    std::vector<double> squares(expected.size());
    std::vector<GradientVerdict> found(1);
    copy<double>(stream, norm.squares(), std::span(squares));
    std::vector<double> sums(by_parameter.size());
    copy<double>(stream, norm.parameter_squares(), std::span(sums));
    copy<GradientVerdict>(stream, norm.verdict(), std::span(found));
    stream.wait();

    EXPECT_EQ(squares, expected);
    EXPECT_EQ(sums, by_parameter);
    EXPECT_EQ(found[0].squares, verdict.squares);
    EXPECT_EQ(found[0].norm, verdict.norm);
    EXPECT_EQ(found[0].scale, verdict.scale);
    EXPECT_EQ(found[0].finite, 1U);
  }
}

TEST(DeviceNorm, has_the_cpus_bits_for_any_number_of_pieces) {
  for (const std::size_t count : {0U, 1U, 2U, 63U, 64U, 65U, 1023U, 1025U, 3000U})
    expect_as_on_the_cpu(gradient_of(count, 16), 0);
  expect_as_on_the_cpu(gradient_of(150, 16, 1), 0);
  expect_as_on_the_cpu(gradient_of(3000, 16, 3000), 0);
}

TEST(DeviceNorm, has_the_cpus_bits_where_nothing_is_aligned) {
  expect_as_on_the_cpu(gradient_of(100, 1), 0);
  expect_as_on_the_cpu(gradient_of(100, 16), 1);
  expect_as_on_the_cpu(gradient_of(100, 1), 3);
}

TEST(DeviceNorm, does_not_let_a_step_pass_that_is_not_finite) {
  const Device device;
  DeviceStream stream(device);
  for (const ParameterRole role : {ParameterRole::weight, ParameterRole::statistic}) {
    for (const float bad :
         {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      std::vector<float> values = test::gpu_floats(1000, 1);
      values[777] = bad;
      const std::vector<DevicePiece> table{{.begin = 0, .count = 1000, .role = role}};
      const DevicePieces pieces(device, table);
      test::OnGpu<float> grads(device, stream, values);
      GradientNorm norm(device, pieces);
      norm.measure(stream, grads.span(), {});
      std::vector<GradientVerdict> found(1);
      copy<GradientVerdict>(stream, norm.verdict(), std::span(found));
      stream.wait();

      EXPECT_EQ(found[0].finite, 0U);
    }
  }
}

TEST(DeviceNorm, refuses_too_few_gradients_and_unusable_bounds) {
  const Device device;
  DeviceStream stream(device);
  const std::vector<DevicePiece> table{{.begin = 16, .count = 100}};
  const DevicePieces pieces(device, table);
  GradientNorm norm(device, pieces);
  DeviceMemory<float> grads(device, 116, "a test");

  EXPECT_THROW(norm.measure(stream, grads.span().first(115), {}), UsageError);
  EXPECT_THROW(norm.measure(stream, grads.span(), {.divisor = 0}), UsageError);
  EXPECT_THROW(norm.measure(stream, grads.span(), {.clip_norm = 0}), UsageError);
}

}  // namespace
}  // namespace rondo::precision
