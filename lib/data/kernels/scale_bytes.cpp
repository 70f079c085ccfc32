// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "rondo/base/error.hpp"

#include "base/vector_targets.hpp"
#include "data/byte_table.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "data/kernels/scale_bytes.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::data {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<double>;
constexpr std::size_t lanes = hn::MaxLanes(Tag());

/// Of as many bytes as a vector has lanes.
HWY_INLINE void scale_vector(const std::uint8_t* bytes, hn::Vec<Tag> factor, hn::Vec<Tag> offset,
                             float* out) {
  const Tag tag;
  const hn::Rebind<std::uint8_t, Tag> byte_tag;
  const hn::Rebind<std::int32_t, Tag> whole_tag;
  const hn::Rebind<float, Tag> float_tag;
  const auto value = hn::PromoteTo(tag, hn::PromoteTo(whole_tag, hn::LoadU(byte_tag, bytes)));
  hn::StoreU(hn::DemoteTo(float_tag, hn::MulAdd(value, factor, offset)), float_tag, out);
}

void scale_bytes_on_target(const std::uint8_t* bytes, std::size_t count, double factor,
                           double offset, float* out) {
  const auto factors = hn::Set(Tag(), factor);
  const auto offsets = hn::Set(Tag(), offset);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    scale_vector(bytes + i, factors, offsets, out + i);
  if (i == count) return;
  // The rest in a vector of its own: the same operations, so the same bits.
  std::uint8_t last_bytes[lanes] = {};
  float last_out[lanes];
  for (std::size_t k = i; k < count; ++k)
    last_bytes[k - i] = bytes[k];
  scale_vector(last_bytes, factors, offsets, last_out);
  for (std::size_t k = i; k < count; ++k)
    out[k] = last_out[k - i];
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::data
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::data {

HWY_EXPORT(scale_bytes_on_target);

void scale_bytes(std::span<const std::byte> bytes, double factor, double offset,
                 std::span<float> out) {
  require(bytes.size() == out.size(), "scale_bytes: sizes differ");
  HWY_DYNAMIC_DISPATCH(scale_bytes_on_target)
  (reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), factor, offset, out.data());
}

}  // namespace rondo::data
#endif
