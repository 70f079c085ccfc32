// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "rondo/base/float16.hpp"

#include "base/cuda/element_wise.cuh"

/// Casts of packs between f32 and 16 bits, by the GPU's instructions where these have the bits of
/// base/float16.hpp: they round to nearest even, make what is beyond the range infinite, and take
/// no subnormal for a zero (no .ftz). Of a NaN they keep neither sign nor payload, so that a pack
/// with a NaN in it is cast by float16.hpp as a whole: a branch that is seldom taken.
namespace rondo::cuda {

/// The bits of both, the first in the lower half, and any for a NaN.
template <class T>
__device__ __forceinline__ std::uint32_t rounded_pair(float low, float high) {
#ifdef __CUDA_ARCH__
  std::uint32_t bits;
  if constexpr (std::is_same_v<T, half>)
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  else
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
  return bits;
#else
  const auto bits = [](float value) -> std::uint32_t {
    return value != value ? 0x7FFFU : T(value).bits();  // as the instructions
  };
  return bits(low) | bits(high) << 16;
#endif
}

template <class T>
__device__ __forceinline__ float value_of(T number) {
  return static_cast<float>(number);
}
/// A NaN for any NaN.
__device__ __forceinline__ float value_of(half number) {
#ifdef __CUDA_ARCH__
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(number.bits()));
  return value;
#else
  const auto value = static_cast<float>(number);
  return value != value ? std::bit_cast<float>(0x7FFFFFFFU) : value;
#endif
}

/// One comparison for two numbers: those of which neither is a NaN have an order.
template <int n>
__device__ __forceinline__ bool has_nan(const Pack<float, n>& values) {
  bool found = false;
#pragma unroll
  for (int k = 0; k < n; k += 2) {
    const float a = values.at[k];
    const float b = values.at[k + 1 < n ? k + 1 : k];
    found |= !(a < b || a >= b);
  }
  return found;
}

template <class T>
__device__ __forceinline__ T nan_of(float nan) {
  const auto bits = std::bit_cast<std::uint32_t>(nan);
  return T::from_bits(std::is_same_v<T, half> ? detail::half_nan(bits)
                                              : detail::bfloat16_nan(bits));
}

/// From f32.
template <class T, int n>
__device__ __forceinline__ Pack<T, n> rounded(const Pack<float, n>& values) {
  if constexpr (std::is_same_v<T, float>) {
    return values;
  } else {
    Pack<T, n> numbers;
#pragma unroll
    for (int k = 0; k < n; k += 2) {
      const std::uint32_t bits = rounded_pair<T>(values.at[k], k + 1 < n ? values.at[k + 1] : 0.0F);
      numbers.at[k] = T::from_bits(static_cast<std::uint16_t>(bits));
      if (k + 1 < n) numbers.at[k + 1] = T::from_bits(static_cast<std::uint16_t>(bits >> 16));
    }
    if (has_nan(values)) {
#pragma unroll
      for (int k = 0; k < n; ++k)
        if (values.at[k] != values.at[k]) numbers.at[k] = nan_of<T>(values.at[k]);
    }
    return numbers;
  }
}

/// To f32.
template <class T, int n>
__device__ __forceinline__ Pack<float, n> widened(const Pack<T, n>& numbers) {
  Pack<float, n> values;
#pragma unroll
  for (int k = 0; k < n; ++k)
    values.at[k] = value_of(numbers.at[k]);
  if constexpr (std::is_same_v<T, half>) {
    if (has_nan(values)) {
#pragma unroll
      for (int k = 0; k < n; ++k)
        if (values.at[k] != values.at[k])
          values.at[k] = detail::half_nan_value(numbers.at[k].bits());
    }
  }
  return values;
}

}  // namespace rondo::cuda
