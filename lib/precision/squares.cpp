// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/squares.hpp"

#include <array>
#include <cstddef>

namespace rondo::precision {
namespace {

constexpr std::size_t lanes = 16;

}  // namespace

double sum_of_squares(std::span<const float> values) {
  std::array<double, lanes> partial{};
  const float* const value = values.data();
  const std::size_t whole = values.size() / lanes * lanes;
  for (std::size_t begin = 0; begin < whole; begin += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      const auto x = static_cast<double>(value[begin + k]);
      partial[k] += x * x;
    }
  }
  for (std::size_t i = whole; i < values.size(); ++i) {
    const auto x = static_cast<double>(value[i]);
    partial[i - whole] += x * x;
  }
  for (std::size_t width = lanes / 2; width > 0; width /= 2) {
    for (std::size_t k = 0; k < width; ++k)
      partial[k] += partial[k + width];
  }
  return partial[0];
}

}  // namespace rondo::precision
