// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace rondo::scaling {

/// Things that come and go, by number; numbers are used again.
template <class T>
class Pool {
 public:
  T& operator[](std::size_t number) noexcept { return things_[number]; }
  const T& operator[](std::size_t number) const noexcept { return things_[number]; }

  std::uint32_t add(T thing) {
    if (free_.empty()) {
      things_.push_back(std::move(thing));
      return static_cast<std::uint32_t>(things_.size() - 1);
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    things_[number] = std::move(thing);
    return number;
  }
  void remove(std::size_t number) { free_.push_back(static_cast<std::uint32_t>(number)); }

 private:
  std::vector<T> things_;
  std::vector<std::uint32_t> free_;
};

}  // namespace rondo::scaling
