// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/device_memory.hpp"

/// Arrays of more elements than 31 or 32 bits count. They are zero but for a few windows, so that
/// the host neither holds nor computes them.
namespace rondo::test {

/// Above 2^32 where the GPU's free memory allows, or above 2^31; else, as with the emulated GPU, a
/// number at which at least the test itself is tried.
inline std::size_t large_count(const Device& device, std::size_t bytes_an_element) {
  constexpr std::size_t odd = 1003;
  constexpr std::size_t small = 100'003;
  for (const std::size_t count : {(std::size_t{1} << 32) + odd, (std::size_t{1} << 31) + odd})
    if (count * bytes_an_element < device.free_bytes() / 10 * 9) return count;
  return small;
}

/// Where the elements of a large array lie that are not zero.
class Windows {
 public:
  static constexpr std::size_t length = 2500;

  explicit Windows(std::size_t count) : count_(count) {
    testing::Test::RecordProperty("elements", std::to_string(count));
    for (const std::size_t middle : {std::size_t{0}, std::size_t{1} << 31, std::size_t{1} << 32})
      if (middle + length < count) begins_.push_back(std::max(middle, length / 2) - length / 2);
    begins_.push_back(count - length);
  }

  std::size_t count() const noexcept { return count_; }
  std::size_t elements() const noexcept { return begins_.size() * length; }

  /// What lies at [begin, begin + part.size()) where write() was given `values`.
  void values_at(const std::vector<float>& values, std::size_t begin, std::span<float> part) const {
    std::ranges::fill(part, 0.0F);
    for (std::size_t w = 0; w < begins_.size(); ++w) {
      const std::size_t first = std::max(begin, begins_[w]);
      const std::size_t end = std::min(begin + part.size(), begins_[w] + length);
      for (std::size_t i = first; i < end; ++i)
        part[i - begin] = values[w * length + i - begins_[w]];
    }
  }

  /// One window behind another, to and from their places.
  template <class T>
  void write(DeviceStream& stream, const std::vector<T>& values, DeviceSpan<T> to) const {
    for (std::size_t w = 0; w < begins_.size(); ++w)
      copy(stream, std::span(values).subspan(w * length, length), to.subspan(begins_[w], length));
    stream.wait();
  }
  template <class T>
  std::vector<T> read(DeviceStream& stream, DeviceSpan<T> from) const {
    std::vector<T> values(elements());
    for (std::size_t w = 0; w < begins_.size(); ++w)
      copy<T>(stream, from.subspan(begins_[w], length),
              std::span(values).subspan(w * length, length));
    stream.wait();
    return values;
  }

 private:
  std::size_t count_;
  std::vector<std::size_t> begins_;
};

}  // namespace rondo::test
