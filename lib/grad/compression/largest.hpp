// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace rondo::grad {

/// An element of a vector that is sent apart from the others.
struct Entry {
  std::uint32_t index = 0;
  float value = 0;
};

/// Finds the `wanted` elements of the largest magnitude in two passes, whatever the values; the
/// lower index wins among equals, infinity above all numbers and NaN above infinity.
///
/// begin(), then count() all values, then collect() all of them again, then take(). The values come
/// in any pieces. Memory, which is kept for the next time: the entries, and those elements that
/// share the last one's exponent and first three fraction bits: few percent as a rule, all when all
/// are alike.
class Largest {
 public:
  void begin(std::size_t wanted);
  void count(std::span<const float> values);
  void collect(std::span<const float> values, std::size_t first_index);
  /// Exactly `wanted` entries, if there are so many elements; in no order that means something.
  /// Valid until begin().
  std::span<const Entry> take();
  /// Whether count() has seen an infinity or NaN.
  bool has_non_finite() const;

 private:
  static constexpr unsigned shift = 20;  // 8 exponent and 3 fraction bits remain
  static std::uint32_t bits(float value) {
    return std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFFU;
  }
  void find_last_bin();

  std::size_t wanted_ = 0;
  std::array<std::size_t, 2048> histogram_{};
  bool counted_ = false;
  std::uint32_t last_bin_ = 0;     // taken in part
  std::size_t from_last_bin_ = 0;  // elements of it that are taken
  std::vector<Entry> entries_;
  std::vector<Entry> candidates_;
};

}  // namespace rondo::grad
