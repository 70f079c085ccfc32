// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <cudnn.h>

/// What the emulated cuDNN computes: graphs of operations on tensors of four dimensions.
namespace cuda_emulation::cudnn {

using Dims = std::array<std::int64_t, 4>;

struct Tensor {
  std::int64_t id = 0;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  Dims dims{};
  Dims strides{};
  std::int64_t alignment = 0;
  bool is_virtual = false;

  std::int64_t elements() const { return dims[0] * dims[1] * dims[2] * dims[3]; }
};

struct Geometry {
  std::array<std::int64_t, 2> strides{};
  std::array<std::int64_t, 2> dilations{};
  std::array<std::int64_t, 2> padding_before{};
  std::array<std::int64_t, 2> padding_behind{};
};

/// y = x * w, dx of dy and w, dw of x and dy, or y = x op b.
struct Operation {
  enum class Kind : std::uint8_t { forward, backward_data, backward_weights, multiply, add, relu };
  Kind kind = Kind::forward;
  Tensor x;
  Tensor w;  ///< of a convolution; b of others
  Tensor y;
  Geometry geometry;

  bool is_convolution() const { return kind <= Kind::backward_weights; }
  bool has_second() const { return kind != Kind::relu; }
  const Tensor& result() const;
};

struct Graph {
  std::vector<Operation> operations;

  /// "forward+add+relu of 4"
  std::string name() const;
  /// What is wrong with shapes, or with the order in which tensors are written and read; or empty.
  std::string fault() const;
  /// Those that are no virtual ones.
  std::vector<Tensor> tensors() const;
  /// Factor: 1, or what makes results differ.
  void run(const std::map<std::int64_t, void*>& addresses, double factor) const;
};

}  // namespace cuda_emulation::cudnn
