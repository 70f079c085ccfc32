// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "comm/arithmetic.hpp"

namespace rondo::scaling {

/// Arithmetic that touches no element: it puts forward the clock of the rank that calls it, by
/// bytes / rate for each operand that is added to another, each copy and each conversion.
class TimedArithmetic final : public comm::Arithmetic {
 public:
  /// `clock` must outlive this.
  TimedArithmetic(double& clock, double rate) noexcept
      : clock_(clock), seconds_per_byte_(1 / rate) {}

  void copy(std::span<const std::byte> from, std::span<std::byte>) override { spend(from.size()); }
  void reduce(DType, comm::ReduceOp, std::span<std::byte>,
              std::span<const std::byte> values) override {
    spend(values.size());
  }
  void divide(DType, std::span<std::byte> values, int) override { spend(values.size()); }
  void reduce_all(DType, comm::ReduceOp, int, std::span<const std::byte* const> inputs,
                  std::span<std::byte> output) override {
    spend((inputs.size() - 1) * output.size());
  }
  void add_along_tree(const comm::TreeAddition&, std::span<const std::byte* const> inputs,
                      std::span<std::byte> output) override {
    spend((inputs.size() - 1) * output.size());
  }
  void encode(DType, std::span<const float> values, std::span<std::byte>) override {
    spend(values.size_bytes());
  }
  void decode(DType, std::span<const std::byte>, std::span<float> values) override {
    spend(values.size_bytes());
  }
  void reduce_encoded(DType, comm::ReduceOp, std::span<float> accumulator,
                      std::span<const std::byte>) override {
    spend(accumulator.size_bytes());
  }
  void round_to_wire(DType, std::span<float> values) override { spend(values.size_bytes()); }

 private:
  void spend(std::size_t bytes) noexcept {
    clock_ += static_cast<double>(bytes) * seconds_per_byte_;
  }

  double& clock_;
  double seconds_per_byte_;
};

}  // namespace rondo::scaling
