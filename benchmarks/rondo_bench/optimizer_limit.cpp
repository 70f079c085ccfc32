// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/optimizer_limit.hpp"

#include <string>

#include "rondo/base/error.hpp"

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rondo_bench/optimizer_limit.cpp"  // NOLINT
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::bench {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::ScalableTag<std::uint32_t>;
using ShortTag = hn::Rebind<std::uint16_t, Tag>;
using Bits = hn::Vec<Tag>;
constexpr std::size_t lanes = hn::MaxLanes(Tag());

HWY_INLINE Bits load(const float* from) {
  return hn::LoadU(Tag(), reinterpret_cast<const std::uint32_t*>(from));
}

/// `none` is 0, which the compiler does not know. Returns what depends on all that was read.
template <std::size_t read, std::size_t changed, bool copies>
HWY_NOINLINE std::uint32_t touch_streams(const MemoryStreams streams, std::uint32_t none) {
  const Tag tag;
  const Bits mask = hn::Set(tag, none);
  Bits all = mask;
  for (std::size_t i = 0; i < streams.count; i += lanes) {
    Bits bits = mask;
    for (std::size_t k = 0; k < read; ++k)
      bits = hn::Xor(bits, load(streams.read[k] + i));
    all = hn::Or(all, bits);
    for (std::size_t k = 0; k < changed; ++k) {
      const Bits kept = hn::Xor(load(streams.changed[k] + i), hn::And(bits, mask));
      hn::StoreU(kept, tag, reinterpret_cast<std::uint32_t*>(streams.changed[k] + i));
      if (copies && k == 0) {
        const auto upper = hn::BitCast(hn::RebindToSigned<Tag>(), hn::ShiftRight<16>(kept));
        hn::StoreU(hn::DemoteTo(ShortTag(), upper), ShortTag(), streams.copy + i);
      }
    }
  }
  return hn::GetLane(all);
}

template <std::size_t read, std::size_t changed>
std::uint32_t touch_pass(const MemoryPass& pass, const MemoryStreams& streams, std::uint32_t none) {
  if (pass.copies && streams.copy != nullptr)
    return touch_streams<read, changed, (changed > 0)>(streams, none);
  return touch_streams<read, changed, false>(streams, none);
}

std::uint32_t touch_on_target(const MemoryPass& pass, const MemoryStreams& streams,
                              std::uint32_t none) {
  switch (10 * pass.read.size() + pass.changed.size()) {
    case 10: return touch_pass<1, 0>(pass, streams, none);
    case 11: return touch_pass<1, 1>(pass, streams, none);
    case 12: return touch_pass<1, 2>(pass, streams, none);
    case 13: return touch_pass<1, 3>(pass, streams, none);
    case 20: return touch_pass<2, 0>(pass, streams, none);
    case 21: return touch_pass<2, 1>(pass, streams, none);
    case 22: return touch_pass<2, 2>(pass, streams, none);
    default: throw UsageError("no memory pass of this kind");
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::bench {
HWY_EXPORT(touch_on_target);

std::vector<MemoryPass> passes_of(std::string_view rule) {
  using enum Memory;
  const MemoryPass one_slot{.read = {grad}, .changed = {value, first_slot}, .copies = true};
  if (rule == "sgd" || rule == "lion") return {one_slot};
  if (rule == "lars") return {{.read = {value, grad}}, one_slot};
  if (rule == "adam" || rule == "adamw")
    return {{.read = {grad}, .changed = {value, first_slot, second_slot}, .copies = true}};
  if (rule == "lamb")
    return {{.read = {value, grad}, .changed = {first_slot, second_slot}},
            {.read = {first_slot, second_slot}, .changed = {value}, .copies = true}};
  // Second moments and length of the direction; length of the values; the move.
  if (rule == "adafactor")
    return {
        {.read = {grad}}, {.read = {value}}, {.read = {grad}, .changed = {value}, .copies = true}};
  throw UsageError("the memory passes of '" + std::string(rule) + "' are not known");
}

std::size_t bytes_a_parameter(std::string_view rule, bool with_copy) {
  std::size_t bytes = 0;
  for (const MemoryPass& pass : passes_of(rule))
    bytes += pass.bytes(with_copy);
  return bytes;
}

void touch(const MemoryPass& pass, const MemoryStreams& streams) {
  static volatile std::uint32_t none = 0;
  // Called through a pointer: the compiler cannot see that nobody uses the result.
  HWY_DYNAMIC_DISPATCH(touch_on_target)(pass, streams, none);
}

}  // namespace rondo::bench
#endif
