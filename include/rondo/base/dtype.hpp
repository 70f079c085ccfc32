// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "rondo/base/error.hpp"
#include "rondo/base/float16.hpp"

namespace rondo {

/// Element types of buffers. The values go into files and messages: never renumber.
enum class DType : std::uint8_t {
  f32 = 0,
  f64 = 1,
  f16 = 2,
  bf16 = 3,
  i32 = 4,
  i64 = 5,
  u8 = 6,
  u16 = 7,
  u32 = 8
};

/// Calls `f(std::type_identity<T>{})` with the C++ type of `dtype`.
/// This is the only place that pairs a DType with a type.
template <class F>
decltype(auto) dispatch(DType dtype, F&& f) {
  switch (dtype) {
    case DType::f32: return std::forward<F>(f)(std::type_identity<float>{});
    case DType::f64: return std::forward<F>(f)(std::type_identity<double>{});
    case DType::f16: return std::forward<F>(f)(std::type_identity<half>{});
    case DType::bf16: return std::forward<F>(f)(std::type_identity<bfloat16>{});
    case DType::i32: return std::forward<F>(f)(std::type_identity<std::int32_t>{});
    case DType::i64: return std::forward<F>(f)(std::type_identity<std::int64_t>{});
    case DType::u8: return std::forward<F>(f)(std::type_identity<std::uint8_t>{});
    case DType::u16: return std::forward<F>(f)(std::type_identity<std::uint16_t>{});
    case DType::u32: return std::forward<F>(f)(std::type_identity<std::uint32_t>{});
  }
  throw UsageError("dtype out of range");
}

namespace detail {
template <class T>
inline constexpr int dtype_index = -1;
template <>
inline constexpr int dtype_index<float> = static_cast<int>(DType::f32);
template <>
inline constexpr int dtype_index<double> = static_cast<int>(DType::f64);
template <>
inline constexpr int dtype_index<half> = static_cast<int>(DType::f16);
template <>
inline constexpr int dtype_index<bfloat16> = static_cast<int>(DType::bf16);
template <>
inline constexpr int dtype_index<std::int32_t> = static_cast<int>(DType::i32);
template <>
inline constexpr int dtype_index<std::int64_t> = static_cast<int>(DType::i64);
template <>
inline constexpr int dtype_index<std::uint8_t> = static_cast<int>(DType::u8);
template <>
inline constexpr int dtype_index<std::uint16_t> = static_cast<int>(DType::u16);
template <>
inline constexpr int dtype_index<std::uint32_t> = static_cast<int>(DType::u32);
}  // namespace detail

/// A type that has a DType.
template <class T>
concept Element = detail::dtype_index<std::remove_cv_t<T>>
>= 0;

template <Element T>
inline constexpr DType dtype_of = static_cast<DType>(detail::dtype_index<std::remove_cv_t<T>>);

inline std::size_t size_of(DType dtype) {
  return dispatch(dtype, []<class T>(std::type_identity<T>) { return sizeof(T); });
}

constexpr std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return "f32";
    case DType::f64: return "f64";
    case DType::f16: return "f16";
    case DType::bf16: return "bf16";
    case DType::i32: return "i32";
    case DType::i64: return "i64";
    case DType::u8: return "u8";
    case DType::u16: return "u16";
    case DType::u32: return "u32";
  }
  return "?";
}

}  // namespace rondo
