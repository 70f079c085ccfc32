// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/call.hpp"

#include "comm/tree_addition.hpp"

namespace rondo::comm {

/// All that a task does to the elements of a call, besides sending and receiving them.
///
/// A task reaches it through its Channel and touches no element in any other way. So whoever models
/// collectives can put in an arithmetic that accounts for time alone, and buffers that are no
/// memory: the schedules stay the same. What the functions do is said in kernels/.
class Arithmetic {
 public:
  virtual ~Arithmetic() = default;

  /// to = from; equal lengths that do not overlap.
  virtual void copy(std::span<const std::byte> from, std::span<std::byte> to) = 0;
  virtual void reduce(DType dtype, ReduceOp op, std::span<std::byte> accumulator,
                      std::span<const std::byte> values) = 0;
  virtual void divide(DType dtype, std::span<std::byte> values, int divisor) = 0;
  virtual void reduce_all(DType dtype, ReduceOp op, int divisor,
                          std::span<const std::byte* const> inputs,
                          std::span<std::byte> output) = 0;
  virtual void add_along_tree(const TreeAddition& addition,
                              std::span<const std::byte* const> inputs,
                              std::span<std::byte> output) = 0;

  virtual void encode(DType wire, std::span<const float> values, std::span<std::byte> encoded) = 0;
  virtual void decode(DType wire, std::span<const std::byte> encoded, std::span<float> values) = 0;
  virtual void reduce_encoded(DType wire, ReduceOp op, std::span<float> accumulator,
                              std::span<const std::byte> encoded) = 0;
  virtual void round_to_wire(DType wire, std::span<float> values) = 0;
};

/// That of kernels/, in memory. Stateless.
Arithmetic& kernel_arithmetic() noexcept;

}  // namespace rondo::comm
