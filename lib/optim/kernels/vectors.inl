// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Rules on vectors of f32. A rule uses nothing but what IEEE 754 rounds exactly (add, subtract,
// multiply, divide, square root), never fused, so that vectors of any width and the last few
// elements get the same bits. Compiled once per target: include it after Highway, once.

HWY_BEFORE_NAMESPACE();
namespace rondo::optim::kernel {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using Floats = hn::Vec<FloatTag>;
inline constexpr std::size_t lanes = hn::MaxLanes(FloatTag());
/// Elements that square sums take at once; at least a vector.
inline constexpr std::size_t sixteen = precision::SquareSum::count;
static_assert(sixteen == 16 && sixteen % lanes == 0);

HWY_INLINE Floats all(float value) {
  return hn::Set(FloatTag(), value);
}

/// The second operand where one is NaN, as x86 has it.
HWY_INLINE Floats smaller(Floats a, Floats b) {
  return hn::Min(a, b);
}
HWY_INLINE Floats larger(Floats a, Floats b) {
  return hn::Max(a, b);
}

HWY_INLINE Floats square_root(Floats x) {
  return hn::Sqrt(x);
}

HWY_INLINE Floats sign(Floats x) {
  return hn::IfThenElse(hn::Or(x == all(0.0F), hn::IsNaN(x)), x, hn::CopySign(all(1.0F), x));
}

#include "optim/kernels/elements.inl"

/// C++ has no arrays of length 0.
constexpr std::size_t at_least_one(std::size_t length) {
  return length == 0 ? 1 : length;
}

template <class Rule, std::size_t written_count, std::size_t read_count>
HWY_INLINE void apply_to_vector(const Streams<written_count, read_count>& streams,
                                std::size_t begin, const Rule& rule) {
  const FloatTag tag;
  Floats written[at_least_one(written_count)];
  Floats read[read_count];
  for (std::size_t k = 0; k < written_count; ++k)
    written[k] = hn::LoadU(tag, streams.written[k] + begin);
  for (std::size_t k = 0; k < read_count; ++k)
    read[k] = hn::LoadU(tag, streams.read[k] + begin);
  rule(written, read);
  for (std::size_t k = 0; k < written_count; ++k)
    hn::StoreU(written[k], tag, streams.written[k] + begin);
}

/// Calls `visit` for a copy of the streams, fewer than sixteen elements, filled up with zeros, and
/// copies back what it has written.
template <class Visit, std::size_t written_count, std::size_t read_count>
HWY_INLINE void visit_padded(const Streams<written_count, read_count>& streams,
                             const Visit& visit) {
  HWY_ALIGN float written[at_least_one(written_count)][sixteen] = {};
  HWY_ALIGN float read[read_count][sixteen] = {};
  Streams<written_count, read_count> padded = streams;
  for (std::size_t k = 0; k < written_count; ++k)
    padded.written[k] = std::copy_n(streams.written[k], streams.count, written[k]) - streams.count;
  for (std::size_t k = 0; k < read_count; ++k)
    padded.read[k] = std::copy_n(streams.read[k], streams.count, read[k]) - streams.count;
  visit(padded);
  for (std::size_t k = 0; k < written_count; ++k)
    std::copy_n(written[k], streams.count, streams.written[k]);
}

/// Fewer elements than a vector has.
template <class Rule, std::size_t written_count, std::size_t read_count>
HWY_NOINLINE void apply_to_part(Streams<written_count, read_count> streams, Rule rule) {
  visit_padded(streams, [&rule](const auto& padded) HWY_ATTR { apply_to_vector(padded, 0, rule); });
}

/// Calls `rule(written, read)` for the vectors of the streams in turn. By value: what is stored
/// could overwrite an argument that others can see, and make the compiler read it again.
template <class Rule, std::size_t written_count, std::size_t read_count>
HWY_INLINE void apply(const Streams<written_count, read_count> streams, const Rule rule) {
  std::size_t i = 0;
  for (; i + lanes <= streams.count; i += lanes)
    apply_to_vector(streams, i, rule);
  if (i < streams.count) apply_to_part(streams.part(i, streams.count - i), rule);
}

using DoubleTag = hn::ScalableTag<double>;
using Doubles = hn::Vec<DoubleTag>;
inline constexpr std::size_t double_lanes = hn::MaxLanes(DoubleTag());

/// The partial sums of a precision::SquareSum in registers, in the same order.
class Squares {
 public:
  static constexpr std::size_t float_vectors = sixteen / lanes;

  HWY_INLINE explicit Squares(precision::SquareSum& sum) : sum_(sum) {
    for (std::size_t k = 0; k < double_vectors; ++k)
      sums_[k] = hn::LoadU(DoubleTag(), sum_.partial().data() + k * double_lanes);
  }
  /// Of the k-th vector of sixteen elements.
  HWY_INLINE void add(Floats x, std::size_t k) {
    const hn::Half<FloatTag> half;
    add_half(hn::LowerHalf(half, x), 2 * k);
    add_half(hn::UpperHalf(half, x), 2 * k + 1);
  }
  HWY_INLINE void store() const {
    for (std::size_t k = 0; k < double_vectors; ++k)
      hn::StoreU(sums_[k], DoubleTag(), sum_.partial().data() + k * double_lanes);
  }

 private:
  static constexpr std::size_t double_vectors = sixteen / double_lanes;

  /// The square of an f32 is exact in f64: only the addition rounds.
  HWY_INLINE void add_half(hn::Vec<hn::Half<FloatTag>> x, std::size_t k) {
    const Doubles wide = hn::PromoteTo(DoubleTag(), x);
    sums_[k] = sums_[k] + wide * wide;
  }

  precision::SquareSum& sum_;
  Doubles sums_[double_vectors];
};

/// The vectors that a rule wants squared.
struct Measured {
  Floats value;
  Floats direction;
};

/// Adds the squares of what `measure(written, read)` returns for the vectors of the streams in
/// turn. Where there is no element it must return 0 for zeros.
template <class Measure, std::size_t written_count, std::size_t read_count>
HWY_INLINE void apply_and_square(const Streams<written_count, read_count> streams,
                                 const Measure measure, MeasuredSums& sums) {
  Squares values(sums.value);
  Squares directions(sums.direction);
  const auto add_sixteen = [&](const auto& memory, std::size_t begin) HWY_ATTR {
    for (std::size_t k = 0; k < Squares::float_vectors; ++k) {
      apply_to_vector(memory, begin + k * lanes, [&](auto& written, const auto& read) HWY_ATTR {
        const Measured measured = measure(written, read);
        values.add(measured.value, k);
        directions.add(measured.direction, k);
      });
    }
  };
  const std::size_t whole = streams.count / sixteen * sixteen;
  for (std::size_t i = 0; i < whole; i += sixteen)
    add_sixteen(streams, i);
  if (whole < streams.count)
    visit_padded(streams.part(whole, streams.count - whole),
                 [&](const auto& padded) HWY_ATTR { add_sixteen(padded, 0); });
  values.store();
  directions.store();
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::optim::kernel
HWY_AFTER_NAMESPACE();
