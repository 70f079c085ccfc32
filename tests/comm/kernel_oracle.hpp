// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <type_traits>
#include <vector>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/communicator.hpp"

/// What the kernels must compute, one plain element after the other.
namespace rondo::comm::oracle {

template <class T>
inline constexpr bool is_short_float = std::is_same_v<T, half> || std::is_same_v<T, bfloat16>;

/// The type in which elements of type T are computed.
template <class T>
using Arithmetic = std::conditional_t<is_short_float<T>, float, T>;

template <class A>
A combine(ReduceOp op, A a, A b) {
  if constexpr (std::is_integral_v<A>) {
    using Unsigned = std::make_unsigned_t<A>;
    if (op == ReduceOp::min) return b < a ? b : a;
    if (op == ReduceOp::max) return a < b ? b : a;
    return static_cast<A>(
        static_cast<Unsigned>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b)));
  } else {
    if (op == ReduceOp::min) return b < a || std::isnan(b) ? b : a;
    if (op == ReduceOp::max) return a < b || std::isnan(b) ? b : a;
    return a + b;
  }
}

template <class T>
std::vector<T> reduce_all(ReduceOp op, int divisor, const std::vector<std::vector<T>>& inputs) {
  using A = Arithmetic<T>;
  std::vector<T> results;
  for (std::size_t i = 0; i < inputs[0].size(); ++i) {
    A result = static_cast<A>(inputs[0][i]);
    for (std::size_t k = 1; k < inputs.size(); ++k)
      result = combine(op, result, static_cast<A>(inputs[k][i]));
    if constexpr (std::is_integral_v<A>)
      result = static_cast<A>(result / divisor);
    else
      result /= static_cast<A>(divisor);
    results.push_back(static_cast<T>(result));
  }
  return results;
}

/// Any bit pattern of an integer; of floats half any pattern, NaN and subnormals too, and half
/// values of similar magnitude, whose sums round.
template <class T>
std::vector<T> random_values(std::size_t count, std::mt19937& random) {
  std::vector<T> values(count);
  for (T& value : values) {
    const std::uint64_t bits = (std::uint64_t{random()} << 32) | random();
    std::memcpy(static_cast<void*>(&value), &bits, sizeof(T));
    if constexpr (!std::is_integral_v<T>)
      if (random() % 2 == 0) value = static_cast<T>(static_cast<float>(random()) * 0x1p-31F - 1);
  }
  return values;
}

/// Whether the bits are equal. One NaN is as good as another: which of two a sum keeps is the
/// compiler's choice.
template <class T>
bool is_same(T a, T b) {
  if constexpr (!std::is_integral_v<T>)
    if (std::isnan(static_cast<Arithmetic<T>>(a))) return std::isnan(static_cast<Arithmetic<T>>(b));
  return std::memcmp(&a, &b, sizeof(T)) == 0;
}

template <class T>
bool all_equal(std::span<const std::byte> bytes, const std::vector<T>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    T value;
    std::memcpy(static_cast<void*>(&value), bytes.data() + i * sizeof(T), sizeof(T));
    if (!is_same(value, expected[i])) return false;
  }
  return bytes.size() == expected.size() * sizeof(T);
}

}  // namespace rondo::comm::oracle
