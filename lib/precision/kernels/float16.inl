// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Vectors of f32 from and to f16 and bf16, bit for bit as rondo/base/float16.hpp converts.
// Highway's own conversions serve where the CPU's instruction does the work; elsewhere they
// truncate and know no NaN. Compiled once per target: include it after Highway, once.

HWY_BEFORE_NAMESPACE();
namespace rondo::precision {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using BitsTag = hn::RebindToUnsigned<FloatTag>;
using SignedTag = hn::RebindToSigned<FloatTag>;
/// As many 16-bit values as floats: half a vector.
using ShortTag = hn::Rebind<std::uint16_t, FloatTag>;

using Floats = hn::Vec<FloatTag>;
using Bits = hn::Vec<BitsTag>;
using Shorts = hn::Vec<ShortTag>;

inline constexpr bool has_f16_instructions = HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3;

HWY_INLINE Bits bits_of(Floats values) {
  return hn::BitCast(BitsTag(), values);
}

HWY_INLINE Floats floats_of(Bits bits) {
  return hn::BitCast(FloatTag(), bits);
}

HWY_INLINE Bits splat(std::uint32_t bits) {
  return hn::Set(BitsTag(), bits);
}

/// Selects lane by lane. For magnitudes, whose top bit is clear: signed compares are cheaper.
HWY_INLINE Bits if_less(Bits a, Bits b, Bits yes, Bits no) {
  const SignedTag tag;
  return hn::IfThenElse(hn::RebindMask(BitsTag(), hn::Lt(hn::BitCast(tag, a), hn::BitCast(tag, b))),
                        yes, no);
}

/// Of any number of lanes.
template <class V>
HWY_INLINE auto lower_halves(V bits) {
  using Tag = hn::DFromV<V>;
  return hn::DemoteTo(hn::Rebind<std::uint16_t, Tag>(),
                      hn::BitCast(hn::RebindToSigned<Tag>(), bits));
}

/// The bits of the floats, of which the upper half is rounded to bf16; the lower is left over.
template <class V>
HWY_INLINE auto round_upper_halves(V values) {
  const hn::RebindToUnsigned<hn::DFromV<V>> tag;
  const auto bits = hn::BitCast(tag, values);
  const auto last = hn::And(hn::ShiftRight<16>(bits), hn::Set(tag, 1));
  const auto rounded = hn::Add(hn::Add(bits, hn::Set(tag, 0x7FFF)), last);
  const auto quiet = hn::Or(bits, hn::Set(tag, 0x00400000));
  return hn::IfThenElse(hn::RebindMask(tag, hn::IsNaN(values)), quiet, rounded);
}

HWY_INLINE Bits half_bits(Floats values) {
  const Bits bits = bits_of(values);
  const Bits magnitude = hn::And(bits, splat(0x7FFFFFFF));
  const Bits sign = hn::And(hn::ShiftRight<16>(bits), splat(0x8000));

  const Bits rebased = hn::Sub(magnitude, splat(112U << 23));
  const Bits last = hn::And(hn::ShiftRight<13>(rebased), splat(1));
  const Bits normal = hn::ShiftRight<13>(hn::Add(hn::Add(rebased, splat(0xFFF)), last));
  // Adding 0.5 aligns the last bit of the sum with a half's subnormal step.
  const Floats aligned = hn::Add(floats_of(magnitude), hn::Set(FloatTag(), 0.5F));
  const Bits subnormal = hn::Sub(bits_of(aligned), splat(0x3F000000));
  const Bits nan = hn::Or(splat(0x7E00), hn::And(hn::ShiftRight<13>(magnitude), splat(0x3FF)));

  const Bits finite = if_less(magnitude, splat(0x38800000), subnormal, normal);
  const Bits number = if_less(magnitude, splat(0x47800000), finite, splat(0x7C00));
  return hn::Or(sign, if_less(splat(0x7F800000), magnitude, nan, number));
}

HWY_INLINE Floats half_values(Bits halves) {
  const Bits sign = hn::ShiftLeft<16>(hn::And(halves, splat(0x8000)));
  const Bits magnitude = hn::And(halves, splat(0x7FFF));
  const Bits fraction = hn::ShiftLeft<13>(magnitude);

  const Floats scaled = hn::Mul(hn::ConvertTo(FloatTag(), hn::BitCast(SignedTag(), magnitude)),
                                hn::Set(FloatTag(), 0x1p-24F));
  const Bits normal = hn::Add(fraction, splat(112U << 23));
  const Bits infinite = hn::Or(fraction, splat(0x7F800000));
  const Bits quiet = hn::Or(infinite, splat(0x00400000));

  const Bits finite = if_less(magnitude, splat(0x0400), bits_of(scaled), normal);
  const Bits number = if_less(magnitude, splat(0x7C00), finite, infinite);
  return floats_of(hn::Or(sign, if_less(splat(0x7C00), magnitude, quiet, number)));
}

template <class T>
struct ShortFloat;

/// Of any number of lanes.
template <>
struct ShortFloat<bfloat16> {
  template <class V>
  static HWY_INLINE auto decode(V encoded) {
    const hn::Rebind<std::uint32_t, hn::DFromV<V>> tag;
    return hn::BitCast(hn::RebindToFloat<decltype(tag)>(),
                       hn::ShiftLeft<16>(hn::PromoteTo(tag, encoded)));
  }
  template <class V>
  static HWY_INLINE auto encode(V values) {
    return lower_halves(hn::ShiftRight<16>(round_upper_halves(values)));
  }
};

template <>
struct ShortFloat<half> {
  using Tag = hn::Rebind<hwy::float16_t, FloatTag>;

  static HWY_INLINE Floats decode(Shorts encoded) {
    if constexpr (has_f16_instructions)
      return hn::PromoteTo(FloatTag(), hn::BitCast(Tag(), encoded));
    else
      return half_values(hn::PromoteTo(BitsTag(), encoded));
  }
  static HWY_INLINE Shorts encode(Floats values) {
    if constexpr (has_f16_instructions)
      return hn::BitCast(ShortTag(), hn::DemoteTo(Tag(), values));
    else
      return lower_halves(half_bits(values));
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace rondo::precision
HWY_AFTER_NAMESPACE();
