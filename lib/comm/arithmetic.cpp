// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/arithmetic.hpp"

#include "comm/kernels/reduce.hpp"
#include "comm/kernels/wire.hpp"

namespace rondo::comm {
namespace {

class KernelArithmetic final : public Arithmetic {
 public:
  void copy(std::span<const std::byte> from, std::span<std::byte> to) override {
    copy_bytes(from, to, Stores::cached);
  }
  void reduce(DType dtype, ReduceOp op, std::span<std::byte> accumulator,
              std::span<const std::byte> values) override {
    comm::reduce(dtype, op, accumulator, values);
  }
  void divide(DType dtype, std::span<std::byte> values, int divisor) override {
    comm::divide(dtype, values, divisor);
  }
  void reduce_all(DType dtype, ReduceOp op, int divisor, std::span<const std::byte* const> inputs,
                  std::span<std::byte> output) override {
    std::byte* const to = output.data();
    comm::reduce_all(dtype, op, divisor, inputs, std::span(&to, 1), output.size(), Stores::cached);
  }
  void add_along_tree(const TreeAddition& addition, std::span<const std::byte* const> inputs,
                      std::span<std::byte> output) override {
    std::byte* const to = output.data();
    addition.add(inputs, std::span(&to, 1), output.size(), Stores::cached);
  }

  void encode(DType wire, std::span<const float> values, std::span<std::byte> encoded) override {
    comm::encode(wire, values, encoded);
  }
  void decode(DType wire, std::span<const std::byte> encoded, std::span<float> values) override {
    comm::decode(wire, encoded, values);
  }
  void reduce_encoded(DType wire, ReduceOp op, std::span<float> accumulator,
                      std::span<const std::byte> encoded) override {
    comm::reduce_encoded(wire, op, accumulator, encoded);
  }
  void round_to_wire(DType wire, std::span<float> values) override {
    comm::round_to_wire(wire, values);
  }
};

}  // namespace

Arithmetic& kernel_arithmetic() noexcept {
  static KernelArithmetic kernels;
  return kernels;
}

}  // namespace rondo::comm
