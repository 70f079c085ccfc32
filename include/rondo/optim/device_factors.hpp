// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/base/parameter.hpp"
#include "rondo/optim/optimizer.hpp"
#include "rondo/precision/device_pieces.hpp"

namespace rondo::optim {

/// A parameter as the kernels of adafactor find it.
struct FactoredParameter {
  std::uint64_t begin = 0;  ///< in the arena
  std::uint64_t count = 0;
  std::uint64_t rows = 0;  ///< 0: not a matrix
  std::uint64_t columns = 0;
  std::array<std::uint64_t, 3> slots = {};  ///< where each of its slots begins
  ParameterRole role = ParameterRole::weight;
  /// Set by DeviceFactors: where the sums of its strips' rows, (strips, rows), and of its slices'
  /// columns, (slices, columns), begin.
  std::uint64_t row_sums = 0;
  std::uint64_t column_sums = 0;
};

/// `begin` in the arena and `slots` as above; the shape is that of `spec` under `rule`.
FactoredParameter factored_parameter(const Optimizer& rule, const ParameterSpec& spec,
                                     std::uint64_t begin, std::array<std::uint64_t, 3> slots);

/// 64 rows by 1024 columns of a matrix: what a block of a kernel's threads sums.
struct FactoredTile {
  std::uint32_t parameter = 0;
  std::uint32_t slice = 0;
  std::uint32_t strip = 0;
};

/// What adafactor, a rule with Scope::parameter, keeps between its launches, and the tables of what
/// they go through. One stream at a time.
class DeviceFactors {
 public:
  /// One for each parameter of `pieces`, in their order. Blocks.
  /// \throws UsageError  as many parameters as the pieces do not have. DeviceError
  DeviceFactors(const Device& device, const precision::DevicePieces& pieces,
                std::vector<FactoredParameter> parameters);

  /// What kernels take: addresses in the GPU's memory.
  struct Memory {
    const FactoredParameter* parameters;
    const FactoredTile* tiles;
    std::size_t tile_count;
    SquareSums* pieces;  ///< of each, the squares of values and, in vectors, directions
    double* row_sums;
    double* column_sums;
    float* row_roots;     ///< as long as slot 0
    float* column_roots;  ///< as long as slot 1
    float* moves;         ///< of each parameter: what it keeps, how far it goes
  };
  Memory memory() noexcept;

  std::size_t pieces() const noexcept { return pieces_.size(); }
  std::size_t parameters() const noexcept { return parameters_.size(); }
  /// What each of the rule's slots must have at least.
  const std::array<std::size_t, 3>& slot_elements() const noexcept { return slot_elements_; }

  /// Of the GPU's memory, but for tables.
  std::size_t bytes() const noexcept;
  /// What bytes() will be. 0 for a rule that needs nothing of this.
  static std::size_t planned_bytes(const Optimizer& rule, std::span<const ParameterSpec> specs);

 private:
  std::array<std::size_t, 3> slot_elements_ = {};
  DeviceMemory<FactoredParameter> parameters_;
  DeviceMemory<FactoredTile> tiles_;
  DeviceMemory<SquareSums> pieces_;
  DeviceMemory<double> row_sums_;
  DeviceMemory<double> column_sums_;
  DeviceMemory<float> row_roots_;
  DeviceMemory<float> column_roots_;
  DeviceMemory<float> moves_;
};

}  // namespace rondo::optim
