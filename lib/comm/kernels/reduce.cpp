// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/kernels/reduce.hpp"

#include <cmath>
#include <type_traits>

#include "rondo/base/error.hpp"

namespace rondo::comm {
namespace {

template <class T>
inline constexpr bool is_short_float = std::is_same_v<T, half> || std::is_same_v<T, bfloat16>;

/// The type in which elements of type T are computed. Unsigned for integers, whose sums wrap.
template <class T>
struct Arithmetic {
  using type = T;
};
template <class T>
requires is_short_float<T>
struct Arithmetic<T> {
  using type = float;
};
template <>
struct Arithmetic<std::uint8_t> {
  using type = unsigned;
};
template <>
struct Arithmetic<std::int32_t> {
  using type = std::uint32_t;
};
template <>
struct Arithmetic<std::int64_t> {
  using type = std::uint64_t;
};

struct Sum {
  template <class T>
  T operator()(T a, T b) const {
    using A = typename Arithmetic<T>::type;
    return static_cast<T>(static_cast<A>(a) + static_cast<A>(b));
  }
};

template <class T>
bool is_nan(T value) {
  if constexpr (is_short_float<T>)
    return std::isnan(static_cast<float>(value));
  else if constexpr (std::is_floating_point_v<T>)
    return std::isnan(value);
  else
    return false;
}

template <class T>
bool is_less(T a, T b) {
  if constexpr (is_short_float<T>)
    return static_cast<float>(a) < static_cast<float>(b);
  else
    return a < b;
}

struct Min {
  template <class T>
  T operator()(T a, T b) const {
    return is_less(b, a) || is_nan(b) ? b : a;
  }
};

struct Max {
  template <class T>
  T operator()(T a, T b) const {
    return is_less(a, b) || is_nan(b) ? b : a;
  }
};

template <class T, class Combine>
void combine(std::span<T> accumulator, std::span<const T> values, Combine op) {
  for (std::size_t i = 0; i < accumulator.size(); ++i)
    accumulator[i] = op(accumulator[i], values[i]);
}

template <class T>
std::span<T> elements(std::span<std::byte> bytes) {
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
}

template <class T>
std::span<const T> elements(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

template <class T>
void reduce_elements(ReduceOp op, std::span<T> accumulator, std::span<const T> values) {
  switch (op) {
    case ReduceOp::sum:
    case ReduceOp::avg: return combine(accumulator, values, Sum{});
    case ReduceOp::min: return combine(accumulator, values, Min{});
    case ReduceOp::max: return combine(accumulator, values, Max{});
  }
  throw UsageError("reduce op out of range");
}

}  // namespace

void reduce(DType dtype, ReduceOp op, std::span<std::byte> accumulator,
            std::span<const std::byte> values) {
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    reduce_elements(op, elements<T>(accumulator), elements<T>(values));
  });
}

void divide(DType dtype, std::span<std::byte> values, int divisor) {
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    // int for integers: its division is exact for u8 and truncates toward zero.
    using A = std::conditional_t<std::is_same_v<T, std::uint8_t>, int,
                                 std::conditional_t<is_short_float<T>, float, T>>;
    for (T& value : elements<T>(values))
      value = static_cast<T>(static_cast<A>(value) / static_cast<A>(divisor));
  });
}

}  // namespace rondo::comm
