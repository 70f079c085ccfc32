// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/casts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "rondo/base/error.hpp"

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "precision/kernels/casts.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "precision/kernels/float16.inl"

HWY_BEFORE_NAMESPACE();
namespace rondo::precision {
namespace HWY_NAMESPACE {

constexpr std::size_t lanes = hn::MaxLanes(FloatTag());

HWY_INLINE Floats load(const float* from) {
  return hn::LoadU(FloatTag(), from);
}
template <class T>
HWY_INLINE Floats load(const T* from) {
  return ShortFloat<T>::decode(hn::LoadU(ShortTag(), reinterpret_cast<const std::uint16_t*>(from)));
}

HWY_INLINE void store(Floats values, float* to) {
  hn::StoreU(values, FloatTag(), to);
}
template <class T>
HWY_INLINE void store(Floats values, T* to) {
  hn::StoreU(ShortFloat<T>::encode(values), ShortTag(), reinterpret_cast<std::uint16_t*>(to));
}

/// Calls `convert(from, to)` for vector after vector; the last one may be shorter.
template <class From, class To, class Convert>
HWY_INLINE void for_each_vector(const From* from, To* to, std::size_t count, Convert convert) {
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    convert(from + i, to + i);
  if (i == count) return;
  From source[lanes] = {};
  To target[lanes];
  std::copy(from + i, from + count, source);
  convert(source, target);
  std::copy_n(target, count - i, to + i);
}

template <class From, class To>
HWY_INLINE void convert_each(const From* from, To* to, std::size_t count) {
  for_each_vector(from, to, count,
                  [](const From* source, To* target) HWY_ATTR { store(load(source), target); });
}

template <class T>
HWY_INLINE void round_each(float* values, std::size_t count) {
  for_each_vector(values, values, count, [](const float* source, float* target) HWY_ATTR {
    store(ShortFloat<T>::decode(ShortFloat<T>::encode(load(source))), target);
  });
}

void float_to_bfloat16(const float* from, bfloat16* to, std::size_t count) {
  convert_each(from, to, count);
}
void float_to_half(const float* from, half* to, std::size_t count) {
  convert_each(from, to, count);
}
void bfloat16_to_float(const bfloat16* from, float* to, std::size_t count) {
  convert_each(from, to, count);
}
void half_to_float(const half* from, float* to, std::size_t count) {
  convert_each(from, to, count);
}
void round_through_bfloat16(float* values, std::size_t count) {
  round_each<bfloat16>(values, count);
}
void round_through_half(float* values, std::size_t count) {
  round_each<half>(values, count);
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::precision
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::precision {

HWY_EXPORT(float_to_bfloat16);
HWY_EXPORT(float_to_half);
HWY_EXPORT(bfloat16_to_float);
HWY_EXPORT(half_to_float);
HWY_EXPORT(round_through_bfloat16);
HWY_EXPORT(round_through_half);

namespace {

template <class From, class To>
void check(std::span<const From> from, std::span<To> to) {
  require(from.size() == to.size(), "convert: source and target must have equal lengths");
}

template <class From, class To>
void convert_through_float(std::span<const From> from, std::span<To> to) {
  check(from, to);
  std::array<float, 1024> values;
  for (std::size_t begin = 0; begin < from.size(); begin += values.size()) {
    const std::size_t count = std::min(values.size(), from.size() - begin);
    convert(from.subspan(begin, count), std::span(values).first(count));
    convert(std::span<const float>(values).first(count), to.subspan(begin, count));
  }
}

/// Without an early exit, so that it vectorises.
bool chunk_is_finite(std::span<const float> values) {
  constexpr std::uint32_t exponent = 0x7F800000U;
  std::uint32_t non_finite = 0;
  for (const float value : values)
    non_finite |=
        static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(value) & exponent) == exponent);
  return non_finite == 0;
}

}  // namespace

void convert(std::span<const float> from, std::span<bfloat16> to) {
  check(from, to);
  HWY_DYNAMIC_DISPATCH(float_to_bfloat16)(from.data(), to.data(), from.size());
}
void convert(std::span<const float> from, std::span<half> to) {
  check(from, to);
  HWY_DYNAMIC_DISPATCH(float_to_half)(from.data(), to.data(), from.size());
}
void convert(std::span<const bfloat16> from, std::span<float> to) {
  check(from, to);
  HWY_DYNAMIC_DISPATCH(bfloat16_to_float)(from.data(), to.data(), from.size());
}
void convert(std::span<const half> from, std::span<float> to) {
  check(from, to);
  HWY_DYNAMIC_DISPATCH(half_to_float)(from.data(), to.data(), from.size());
}
void convert(std::span<const bfloat16> from, std::span<half> to) {
  convert_through_float(from, to);
}
void convert(std::span<const half> from, std::span<bfloat16> to) {
  convert_through_float(from, to);
}

template <>
void round_through<bfloat16>(std::span<float> values) {
  HWY_DYNAMIC_DISPATCH(round_through_bfloat16)(values.data(), values.size());
}
template <>
void round_through<half>(std::span<float> values) {
  HWY_DYNAMIC_DISPATCH(round_through_half)(values.data(), values.size());
}

bool all_finite(std::span<const float> values) {
  constexpr std::size_t chunk = 4096;
  for (std::size_t begin = 0; begin < values.size(); begin += chunk)
    if (!chunk_is_finite(values.subspan(begin, std::min(chunk, values.size() - begin))))
      return false;
  return true;
}

}  // namespace rondo::precision
#endif
