// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/rounding.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
// NOLINTNEXTLINE(readability-identifier-naming)
#define HWY_TARGET_INCLUDE "precision/kernels/rounding.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "precision/kernels/float16.inl"

HWY_BEFORE_NAMESPACE();
namespace rondo::precision {
namespace HWY_NAMESPACE {

constexpr std::size_t lanes = hn::MaxLanes(FloatTag());

/// The upper halves of the values' bits plus `increment`.
HWY_INLINE Shorts rounded_up(Floats values, Bits increment) {
  const Bits bits = bits_of(values);
  const Bits quiet = hn::Or(bits, splat(0x00400000));
  const Bits is_nan = bits_of(hn::VecFromMask(FloatTag(), hn::IsNaN(values)));
  return lower_halves(
      hn::ShiftRight<16>(hn::IfVecThenElse(is_nan, quiet, hn::Add(bits, increment))));
}

/// Calls `round(values)` for the vectors of `values` and stores the results; the last one may be
/// shorter. `round` is told where the vector begins.
template <class Round>
HWY_INLINE void round_each(std::span<const float> values, std::uint16_t* copy, Round round) {
  std::size_t i = 0;
  for (; i + lanes <= values.size(); i += lanes)
    hn::StoreU(round(hn::LoadU(FloatTag(), values.data() + i), i), ShortTag(), copy + i);
  if (i == values.size()) return;
  HWY_ALIGN float padded[lanes] = {};
  HWY_ALIGN std::uint16_t result[lanes];
  std::copy(values.begin() + static_cast<std::ptrdiff_t>(i), values.end(), padded);
  hn::StoreU(round(hn::Load(FloatTag(), padded), i), ShortTag(), result);
  std::copy_n(result, values.size() - i, copy + i);
}

void round_to_nearest(std::span<const float> values, std::uint16_t* copy) {
  round_each(values, copy, [](Floats floats, std::size_t) HWY_ATTR {
    const Bits last = hn::And(hn::ShiftRight<16>(bits_of(floats)), splat(1));
    return rounded_up(floats, hn::Add(last, splat(0x7FFF)));
  });
}

/// `random` has a number for every value, and may be read up to `lanes` behind them.
HWY_INLINE void round_with(const std::uint16_t* random, std::span<const float> values,
                           std::uint16_t* copy) {
  round_each(values, copy, [random](Floats floats, std::size_t i) HWY_ATTR {
    return rounded_up(floats, hn::PromoteTo(BitsTag(), hn::LoadU(ShortTag(), random + i)));
  });
}

/// The words that all counters of a call share.
struct PhiloxKey {
  std::uint64_t seed;
  std::uint32_t stream;
};

struct Products {
  Bits high, low;
};

HWY_INLINE Products multiply(Bits a, std::uint32_t b) {
  const BitsTag tag;
  const Bits factor = hn::Set(tag, b);
  const Bits even = hn::BitCast(tag, hn::MulEven(a, factor));
  const Bits odd = hn::BitCast(tag, hn::MulEven(hn::Shuffle2301(a), factor));
  return {.high = hn::OddEven(odd, hn::Shuffle2301(even)),
          .low = hn::OddEven(hn::Shuffle2301(odd), even)};
}

/// Philox::philox4x32 for `lanes` counters; the words of each block one after another.
/// `index` is a multiple of `lanes`, so that the counters' lower word does not wrap between them.
HWY_INLINE void random_blocks(std::uint64_t index, const PhiloxKey& key, std::uint16_t* halves) {
  const BitsTag tag;
  Bits c0 = hn::Iota(tag, static_cast<std::uint32_t>(index));
  Bits c1 = hn::Set(tag, static_cast<std::uint32_t>(index >> 32));
  Bits c2 = hn::Set(tag, key.stream);
  Bits c3 = hn::Set(tag, static_cast<std::uint32_t>(RandomPurpose::rounding));
  auto k0 = static_cast<std::uint32_t>(key.seed);
  auto k1 = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const Products p0 = multiply(c0, 0xD2511F53U);
    const Products p1 = multiply(c2, 0xCD9E8D57U);
    c0 = hn::Xor(hn::Xor(p1.high, c1), hn::Set(tag, k0));
    c1 = p1.low;
    c2 = hn::Xor(hn::Xor(p0.high, c3), hn::Set(tag, k1));
    c3 = p0.low;
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  hn::StoreInterleaved4(c0, c1, c2, c3, tag, reinterpret_cast<std::uint32_t*>(halves));
}

void round_at_random(std::span<const float> values, std::uint16_t* copy, const RoundingKey& key) {
  constexpr std::size_t numbers = 8 * lanes;  // of one vector of Philox's blocks
  // With room for what the last vector of a part has too many.
  HWY_ALIGN std::uint16_t random[numbers + lanes] = {};
  const PhiloxKey philox{*key.seed, static_cast<std::uint32_t>(key.step)};
  std::size_t skipped = key.first % numbers;
  std::uint64_t index = (key.first - skipped) / 8;
  for (std::size_t i = 0; i < values.size(); skipped = 0, index += lanes) {
    const std::size_t count = std::min(numbers - skipped, values.size() - i);
    random_blocks(index, philox, random);
    round_with(random + skipped, values.subspan(i, count), copy + i);
    i += count;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::precision
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::precision {

HWY_EXPORT(round_to_nearest);
HWY_EXPORT(round_at_random);

void round_to_copy(std::span<const float> values, std::span<bfloat16> copy,
                   const RoundingKey& key) {
  require(values.size() == copy.size(), "round_to_copy: values and copy must have equal lengths");
  auto* const bits = reinterpret_cast<std::uint16_t*>(copy.data());
  if (key.seed)
    HWY_DYNAMIC_DISPATCH(round_at_random)(values, bits, key);
  else
    HWY_DYNAMIC_DISPATCH(round_to_nearest)(values, bits);
}

}  // namespace rondo::precision
#endif
