// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/float16.hpp"
#include "rondo/precision/policy.hpp"

#include "support/gpu_arrays.hpp"

// What is compared with the direct kernels: sums of some thousand products in f32, rounded once.
namespace rondo::nn::test {

template <class T>
inline constexpr Precision precision_of = std::is_same_v<T, float>      ? Precision::f32
                                          : std::is_same_v<T, bfloat16> ? Precision::bf16
                                                                        : Precision::f16;
template <class T>
inline constexpr double library_tolerance = std::is_same_v<T, float>      ? 1e-5
                                            : std::is_same_v<T, bfloat16> ? 4e-3
                                                                          : 5e-4;

template <class T>
std::vector<T> typed_floats(std::size_t count, unsigned seed) {
  std::vector<T> values;
  for (const float value : rondo::test::gpu_floats(count, seed))
    values.push_back(static_cast<T>(value));
  return values;
}

/// Of the lengths of the difference and of the expected.
inline double relative_difference(const std::vector<float>& found,
                                  const std::vector<float>& expected) {
  double difference = 0;
  double length = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    difference += std::pow(double{found[i]} - double{expected[i]}, 2);
    length += std::pow(double{expected[i]}, 2);
  }
  return std::sqrt(difference / length);
}

using LibraryTypes = testing::Types<float, bfloat16, half>;

}  // namespace rondo::nn::test
