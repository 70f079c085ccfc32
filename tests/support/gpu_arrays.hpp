// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "rondo/base/device_memory.hpp"
#include "rondo/base/float16.hpp"

namespace rondo::test {

/// So many elements that every thread a GPU can hold has several vectors of them.
inline std::size_t several_grids(const Device& device) {
  constexpr std::size_t threads = 2048;
  constexpr std::size_t most_in_vector = 8;
  return 3 * threads * most_in_vector * static_cast<std::size_t>(device.multiprocessors()) + 3;
}

/// Element counts around the lengths of vectors, warps, blocks and pieces, and several_grids().
inline std::vector<std::size_t> odd_counts(const Device& device) {
  return {0, 1, 2, 3, 7, 31, 33, 255, 257, 1000, 1023, 1025, 65'537, several_grids(device)};
}

/// Elements by which views begin behind an aligned address.
inline constexpr std::array<std::size_t, 4> offsets{0, 1, 3, 8};

/// Normal numbers, with zeros, infinities, NaN and subnormals among them if `wide`.
inline std::vector<float> gpu_floats(std::size_t count, unsigned seed, bool wide = false) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-2.0F, 2.0F);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = uniform(random);
    if (wide) values[i] = std::ldexp(values[i], static_cast<int>(i % 260) - 145);
  }
  if (wide && count > 20) {
    values[7] = INFINITY;
    values[11] = -INFINITY;
    values[13] = NAN;
    values[17] = -0.0F;
  }
  return values;
}

/// A copy of host values in a GPU's memory, `offset` elements behind an aligned address.
template <class T>
class OnGpu {
 public:
  OnGpu(const Device& device, DeviceStream& stream, const std::vector<T>& values,
        std::size_t offset = 0)
      : stream_(stream),
        memory_(device, values.size() + offset, "a test's values"),
        offset_(offset) {
    copy<T>(stream, values, span());
    stream.wait();
  }

  DeviceSpan<T> span() { return memory_.span().subspan(offset_, memory_.size() - offset_); }
  std::vector<T> read() {
    std::vector<T> values(memory_.size() - offset_);
    copy<T>(stream_, span(), std::span<T>(values));
    stream_.wait();
    return values;
  }

 private:
  DeviceStream& stream_;
  DeviceMemory<T> memory_;
  std::size_t offset_;
};

/// The index of the first element whose bits differ, if one does; a NaN is like any other NaN.
template <class T>
testing::AssertionResult same_bits(const std::vector<T>& found, const std::vector<T>& expected,
                                   std::string_view what = "element") {
  if (found.size() != expected.size()) return testing::AssertionFailure() << "other lengths";
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::memcmp(&found[i], &expected[i], sizeof(T)) == 0) continue;
    const auto a = static_cast<double>(static_cast<float>(found[i]));
    const auto b = static_cast<double>(static_cast<float>(expected[i]));
    if (std::isnan(a) && std::isnan(b)) continue;
    return testing::AssertionFailure()
           << what << " " << i << " of " << found.size() << ": " << a << ", expected " << b;
  }
  return testing::AssertionSuccess();
}

}  // namespace rondo::test
