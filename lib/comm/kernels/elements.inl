// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// What kernels compute with: a vector of bytes as memory holds it becomes a vector of an arithmetic
// type, and back. Compiled once per target: include it after float16.inl, once.

HWY_BEFORE_NAMESPACE();
namespace rondo::comm {
namespace HWY_NAMESPACE {

using namespace precision::HWY_NAMESPACE;  // the vectors of float16.inl

using ByteTag = hn::ScalableTag<std::uint8_t>;
using Bytes = hn::Vec<ByteTag>;
inline constexpr std::size_t vector_bytes = hn::MaxLanes(ByteTag());

/// Loads `bytes` bytes, fewer than a vector has; the other lanes are zero.
template <class Tag>
HWY_NOINLINE hn::Vec<Tag> load_part(Tag tag, const void* from, std::size_t bytes) {
  HWY_ALIGN hn::TFromD<Tag> lanes[hn::MaxLanes(tag)] = {};
  std::memcpy(lanes, from, bytes);
  return hn::Load(tag, lanes);
}

/// Stores the first `bytes` bytes of `vector`.
template <class Tag>
HWY_NOINLINE void store_part(Tag tag, hn::Vec<Tag> vector, void* to, std::size_t bytes) {
  HWY_ALIGN hn::TFromD<Tag> lanes[hn::MaxLanes(tag)];
  hn::Store(vector, tag, lanes);
  std::memcpy(to, lanes, bytes);
}

/// Elements of type T as vectors to compute with.
template <class T>
struct Elements {
  using Tag = hn::ScalableTag<T>;
  using Vector = hn::Vec<Tag>;

  static HWY_INLINE Vector unpack(Bytes bytes) { return hn::BitCast(Tag(), bytes); }
  static HWY_INLINE Bytes pack(Vector vector) { return hn::BitCast(ByteTag(), vector); }
};

/// The short floats of one vector, as floats.
struct FloatPair {
  Floats first, second;
};

/// first and second are the even and the odd lanes: on a little-endian machine that takes no more
/// than a shift and a mask.
template <>
struct Elements<bfloat16> {
  using Vector = FloatPair;

  static HWY_INLINE Vector unpack(Bytes bytes) {
    const Bits bits = hn::BitCast(BitsTag(), bytes);
    return {floats_of(hn::ShiftLeft<16>(bits)), floats_of(hn::And(bits, splat(0xFFFF0000)))};
  }
  static HWY_INLINE Bytes pack(Vector vector) {
    const Bits even = hn::ShiftRight<16>(round_upper_halves(vector.first));
    const Bits odd = hn::And(round_upper_halves(vector.second), splat(0xFFFF0000));
    return hn::BitCast(ByteTag(), hn::Or(even, odd));
  }
};

template <>
struct Elements<half> {
  using Vector = FloatPair;
  using Tag = hn::ScalableTag<std::uint16_t>;

  static HWY_INLINE Vector unpack(Bytes bytes) {
    const auto halves = hn::BitCast(Tag(), bytes);
    return {ShortFloat<half>::decode(hn::LowerHalf(ShortTag(), halves)),
            ShortFloat<half>::decode(hn::UpperHalf(ShortTag(), halves))};
  }
  static HWY_INLINE Bytes pack(Vector vector) {
    const Shorts lower = ShortFloat<half>::encode(vector.first);
    const Shorts upper = ShortFloat<half>::encode(vector.second);
    return hn::BitCast(ByteTag(), hn::Combine(Tag(), upper, lower));
  }
};

template <class Vector>
inline constexpr bool is_integer = !hwy::IsFloat<hn::TFromV<Vector>>();

struct Sum {
  template <class Vector>
  HWY_INLINE Vector operator()(Vector a, Vector b) const {
    return hn::Add(a, b);
  }
};

/// `b` where `take_b` or where b is not a number. Not the CPU's own minimum and maximum, which lose
/// the NaN of one side.
template <class Vector, class Mask>
HWY_INLINE Vector select_unless_nan(Mask take_b, Vector a, Vector b) {
  return hn::IfThenElse(hn::Or(take_b, hn::IsNaN(b)), b, a);
}

struct Min {
  template <class Vector>
  HWY_INLINE Vector operator()(Vector a, Vector b) const {
    if constexpr (is_integer<Vector>)
      return hn::Min(a, b);
    else
      return select_unless_nan(hn::Lt(b, a), a, b);
  }
};

struct Max {
  template <class Vector>
  HWY_INLINE Vector operator()(Vector a, Vector b) const {
    if constexpr (is_integer<Vector>)
      return hn::Max(a, b);
    else
      return select_unless_nan(hn::Lt(a, b), a, b);
  }
};

template <class Vector>
HWY_INLINE Vector divide_lanes(Vector vector, int divisor) {
  const hn::DFromV<Vector> tag;
  using T = hn::TFromD<decltype(tag)>;
  if constexpr (is_integer<Vector>) {
    HWY_ALIGN T lanes[hn::MaxLanes(tag)];
    hn::Store(vector, tag, lanes);
    for (T& lane : lanes)
      lane = static_cast<T>(lane / divisor);
    return hn::Load(tag, lanes);
  } else {
    return hn::Div(vector, hn::Set(tag, static_cast<T>(divisor)));
  }
}

template <class Op, class Vector>
HWY_INLINE Vector combine(Op op, Vector a, Vector b) {
  return op(a, b);
}

template <class Op>
HWY_INLINE FloatPair combine(Op op, FloatPair a, FloatPair b) {
  return {op(a.first, b.first), op(a.second, b.second)};
}

template <class Vector>
HWY_INLINE Vector divide(Vector vector, int divisor) {
  return divide_lanes(vector, divisor);
}

HWY_INLINE FloatPair divide(FloatPair pair, int divisor) {
  return {divide_lanes(pair.first, divisor), divide_lanes(pair.second, divisor)};
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::comm
HWY_AFTER_NAMESPACE();
