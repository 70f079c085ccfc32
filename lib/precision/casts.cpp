// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/casts.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "rondo/base/error.hpp"

// Plain loops over branch-free functions: this file is compiled with -fno-trapping-math, which lets
// the compiler turn the range checks of f16 into selects and vectorise all of them.

namespace rondo::precision {
namespace {

template <class From, class To>
void convert_each(std::span<const From> from, std::span<To> to) {
  require(from.size() == to.size(), "convert: source and target must have equal lengths");
  const From* const source = from.data();
  To* const target = to.data();
  for (std::size_t i = 0; i < from.size(); ++i)
    target[i] = static_cast<To>(static_cast<float>(source[i]));
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
  convert_each(from, to);
}
void convert(std::span<const float> from, std::span<half> to) {
  convert_each(from, to);
}
void convert(std::span<const bfloat16> from, std::span<float> to) {
  convert_each(from, to);
}
void convert(std::span<const bfloat16> from, std::span<half> to) {
  convert_each(from, to);
}
void convert(std::span<const half> from, std::span<float> to) {
  convert_each(from, to);
}
void convert(std::span<const half> from, std::span<bfloat16> to) {
  convert_each(from, to);
}

template <class T>
void round_through(std::span<float> values) {
  for (float& value : values)
    value = static_cast<float>(T(value));
}

template void round_through<bfloat16>(std::span<float> values);
template void round_through<half>(std::span<float> values);

bool all_finite(std::span<const float> values) {
  constexpr std::size_t chunk = 4096;
  for (std::size_t begin = 0; begin < values.size(); begin += chunk)
    if (!chunk_is_finite(values.subspan(begin, std::min(chunk, values.size() - begin))))
      return false;
  return true;
}

}  // namespace rondo::precision
