// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace rondo::data {

/// out[i] = bytes[i] * factor + offset, computed in f64 and rounded to f32. `out` has the size of
/// `bytes`. The last bit of the f64 depends on the machine: whether it multiplies and adds in one.
void scale_bytes(std::span<const std::byte> bytes, double factor, double offset,
                 std::span<float> out);

/// The 256 values of (byte / 255 - mean) / deviation, each rounded to f32 once, and a fast way to
/// them: scale_bytes() where that finds the same bits for all 256, a look-up where not. Immutable.
class ByteTable {
 public:
  ByteTable(double mean, double deviation);

  void look_up(std::span<const std::byte> bytes, std::span<float> out) const;

  const std::array<float, 256>& values() const noexcept { return values_; }
  bool is_linear() const noexcept { return is_linear_; }

 private:
  std::array<float, 256> values_{};
  double factor_, offset_;
  bool is_linear_ = false;
};

}  // namespace rondo::data
