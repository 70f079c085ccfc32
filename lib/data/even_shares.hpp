// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

namespace rondo::data {

/// [0, total) cut into `parts` (above 0) consecutive shares, the first total % parts one longer.
class EvenShares {
 public:
  EvenShares(std::size_t total, std::size_t parts)
      : length_(total / parts), longer_(total % parts) {}

  std::size_t begin(std::size_t part) const { return part * length_ + std::min(part, longer_); }
  std::size_t end(std::size_t part) const { return begin(part + 1); }
  std::size_t count(std::size_t part) const { return length_ + (part < longer_ ? 1 : 0); }

  /// The share that holds `index`, below the total.
  std::size_t part_of(std::size_t index) const {
    const std::size_t in_longer = longer_ * (length_ + 1);
    return index < in_longer ? index / (length_ + 1) : longer_ + (index - in_longer) / length_;
  }

 private:
  std::size_t length_;
  std::size_t longer_;
};

}  // namespace rondo::data
