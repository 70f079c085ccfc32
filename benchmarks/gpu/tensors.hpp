// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/parameter.hpp"
#include "rondo/precision/device_pieces.hpp"

namespace rondo::bench {

/// Elements of a model of 124,439,808 parameters by tensor: the 148 of GPT-2, or any other even
/// number of them, half of 768 elements in turn with half that share the rest equally, the first
/// ones one element more where it does not go up. \throws ConfigError  another number than 148 that
/// is odd, 0, or above 20,000
std::vector<std::size_t> tensor_lengths(std::size_t tensors);

/// The tensors one after another in an arena, each at a multiple of 16 elements.
struct GpuModel {
  std::size_t parameters = 0;
  std::size_t arena_elements = 0;
  std::vector<std::size_t> begins;  ///< by tensor
  std::vector<precision::DevicePiece> pieces;
};
/// All of them weights.
GpuModel make_gpu_model(const std::vector<std::size_t>& lengths);
GpuModel make_gpu_model(std::span<const ParameterSpec> parameters);

}  // namespace rondo::bench
