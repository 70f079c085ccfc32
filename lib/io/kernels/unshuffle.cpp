// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "io/unshuffle.hpp"

#include <algorithm>
#include <cstdint>

#include "rondo/base/error.hpp"

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "io/kernels/unshuffle.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::io {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using ByteTag = hn::ScalableTag<std::uint8_t>;
constexpr std::size_t lanes = hn::MaxLanes(ByteTag());

/// These return how many elements are done: all but less than a vector.
std::size_t unshuffle_2(const std::uint8_t* planes, std::size_t count, std::uint8_t* elements) {
  const ByteTag tag;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreInterleaved2(hn::LoadU(tag, planes + i), hn::LoadU(tag, planes + count + i), tag,
                          elements + 2 * i);
  return i;
}

std::size_t unshuffle_4(const std::uint8_t* planes, std::size_t count, std::uint8_t* elements) {
  const ByteTag tag;
  const auto plane = [&](std::size_t k, std::size_t i)
                         HWY_ATTR { return hn::LoadU(tag, planes + k * count + i); };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    hn::StoreInterleaved4(plane(0, i), plane(1, i), plane(2, i), plane(3, i), tag,
                          elements + 4 * i);
  return i;
}

/// Pairs of planes become words, which interleave as the bytes of four planes do.
std::size_t unshuffle_8(const std::uint8_t* planes, std::size_t count, std::uint8_t* elements) {
  const hn::FixedTag<std::uint8_t, 16> tag;
  const hn::FixedTag<std::uint16_t, 8> word_tag;
  const auto plane = [&](std::size_t k, std::size_t i)
                         HWY_ATTR { return hn::LoadU(tag, planes + k * count + i); };
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    auto* words = reinterpret_cast<std::uint16_t*>(elements + 8 * i);
    const auto lower = [&](std::size_t k) HWY_ATTR {
      return hn::BitCast(word_tag, hn::InterleaveLower(tag, plane(k, i), plane(k + 1, i)));
    };
    const auto upper = [&](std::size_t k) HWY_ATTR {
      return hn::BitCast(word_tag, hn::InterleaveUpper(tag, plane(k, i), plane(k + 1, i)));
    };
    hn::StoreInterleaved4(lower(0), lower(2), lower(4), lower(6), word_tag, words);
    hn::StoreInterleaved4(upper(0), upper(2), upper(4), upper(6), word_tag, words + 32);
  }
  return i;
}

std::size_t unshuffle_on_target(const std::uint8_t* planes, std::size_t element_bytes,
                                std::size_t count, std::uint8_t* elements) {
  switch (element_bytes) {
    case 2: return unshuffle_2(planes, count, elements);
    case 4: return unshuffle_4(planes, count, elements);
    case 8: return unshuffle_8(planes, count, elements);
    default: return 0;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::io
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::io {

HWY_EXPORT(unshuffle_on_target);

namespace {

/// Returns the whole elements of a buffer; copies the bytes beyond them.
std::size_t whole_elements(std::span<const std::byte> from, std::size_t element_bytes,
                           std::span<std::byte> to) {
  require(element_bytes > 0 && from.size() == to.size(), "shuffle: sizes do not match");
  const std::size_t count = from.size() / element_bytes;
  std::copy(from.begin() + static_cast<std::ptrdiff_t>(count * element_bytes), from.end(),
            to.begin() + static_cast<std::ptrdiff_t>(count * element_bytes));
  return count;
}

}  // namespace

void unshuffle(std::span<const std::byte> planes, std::size_t element_bytes,
               std::span<std::byte> elements) {
  const std::size_t count = whole_elements(planes, element_bytes, elements);
  if (element_bytes == 1) {
    std::copy(planes.begin(), planes.end(), elements.begin());
    return;
  }
  const std::size_t done = HWY_DYNAMIC_DISPATCH(unshuffle_on_target)(
      reinterpret_cast<const std::uint8_t*>(planes.data()), element_bytes, count,
      reinterpret_cast<std::uint8_t*>(elements.data()));
  for (std::size_t i = done; i < count; ++i)
    for (std::size_t k = 0; k < element_bytes; ++k)
      elements[i * element_bytes + k] = planes[k * count + i];
}

void shuffle(std::span<const std::byte> elements, std::size_t element_bytes,
             std::span<std::byte> planes) {
  const std::size_t count = whole_elements(elements, element_bytes, planes);
  for (std::size_t k = 0; k < element_bytes; ++k)
    for (std::size_t i = 0; i < count; ++i)
      planes[k * count + i] = elements[i * element_bytes + k];
}

}  // namespace rondo::io
#endif
