// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "rondo/base/float16.hpp"

namespace rondo {

using Shape = std::vector<std::size_t>;

inline std::size_t element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

/// How the reduced gradient of a tensor becomes its new value.
enum class ParameterRole : std::uint8_t {
  weight,     ///< optimizer, with weight decay
  bias,       ///< optimizer, without weight decay (biases, normalisation's scale and shift)
  statistic,  ///< running average: value <- (1-m) value + m * mean over the lanes
};

/// One named tensor of a model as the core sees it: no layer, no graph.
struct ParameterSpec {
  std::string name;  ///< unique within the model; the key in checkpoints
  Shape shape;       ///< the logical shape, row-major
  ParameterRole role = ParameterRole::weight;
};

/// Where a parameter lives: f32 master value and gradient sum, both `element_count(shape)` long.
/// The arena owns the memory and outlives every model that was bound to it.
struct ParameterView {
  std::span<float> value;
  std::span<float> grad;
  /// The values rounded to bf16 after every step, for layers that compute so; or empty.
  std::span<const bfloat16> copy = {};
};

}  // namespace rondo
