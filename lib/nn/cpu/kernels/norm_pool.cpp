// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/kernels/norm_pool.hpp"

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
// NOLINTNEXTLINE(readability-identifier-naming)
#define HWY_TARGET_INCLUDE "nn/cpu/kernels/norm_pool.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "precision/kernels/float16.inl"

HWY_BEFORE_NAMESPACE();
namespace rondo::nn::cpu::kernel {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using precision::HWY_NAMESPACE::Floats;
using precision::HWY_NAMESPACE::FloatTag;
using precision::HWY_NAMESPACE::ShortTag;
using ToBfloat16 = precision::HWY_NAMESPACE::ShortFloat<bfloat16>;
using IntegerTag = hn::RebindToSigned<FloatTag>;
using Integers = hn::Vec<IntegerTag>;
using ByteTag = hn::Rebind<std::uint8_t, FloatTag>;

static_assert(norm_pool_channels % hn::MaxLanes(FloatTag()) == 0);

/// Sums that wait for each other no longer than an addition takes.
constexpr std::size_t sums_at_once = 4;

HWY_INLINE Floats load(const bfloat16* from) {
  return ToBfloat16::decode(hn::LoadU(ShortTag(), reinterpret_cast<const std::uint16_t*>(from)));
}
HWY_INLINE Floats load(const float* from) {
  return hn::LoadU(FloatTag(), from);
}
HWY_INLINE void store(Floats values, bfloat16* to) {
  hn::StoreU(ToBfloat16::encode(values), ShortTag(), reinterpret_cast<std::uint16_t*>(to));
}
HWY_INLINE void store(Floats values, float* to) {
  hn::StoreU(values, FloatTag(), to);
}

/// Calls visit(first channel) for the vectors of a plane's channels.
template <class Visit>
HWY_INLINE void visit_vectors(const MaxPoolShape& shape, const Visit& visit) {
  for (std::size_t channel = 0; channel < shape.channels; channel += hn::Lanes(FloatTag()))
    visit(channel);
}

/// Where the inputs of a window are, from a plane's vector on.
struct Window {
  std::size_t at[4];
};

/// Calls visit(window, offset of the output) row by row.
template <class Visit>
HWY_INLINE void visit_windows(const MaxPoolShape& shape, const Visit& visit) {
  const std::size_t row = shape.width * shape.channels;
  std::size_t output = 0;
  for (std::size_t h = 0; h < shape.out_height; ++h) {
    std::size_t input = 2 * h * row;
    for (std::size_t w = 0; w < shape.out_width; ++w) {
      visit(Window{{input, input + shape.channels, input + row, input + row + shape.channels}},
            output);
      input += 2 * shape.channels;
      output += shape.channels;
    }
  }
}

/// Adds term(pixel's offset) for all pixels of a vector of channels.
template <class Term>
HWY_INLINE Floats add_pixels(const MaxPoolShape& shape, const Term& term) {
  const std::size_t pixels = shape.height * shape.width;
  Floats sums[sums_at_once] = {hn::Zero(FloatTag()), hn::Zero(FloatTag()), hn::Zero(FloatTag()),
                               hn::Zero(FloatTag())};
  std::size_t i = 0;
  for (; i + sums_at_once <= pixels; i += sums_at_once)
    for (std::size_t k = 0; k < sums_at_once; ++k)
      sums[k] = hn::Add(sums[k], term((i + k) * shape.channels));
  for (; i < pixels; ++i)
    sums[0] = hn::Add(sums[0], term(i * shape.channels));
  return hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
}

void measure(const MaxPoolShape& shape, const bfloat16* input, float* mean, float* squares) {
  const auto share = hn::Set(FloatTag(), 1.0F / static_cast<float>(shape.height * shape.width));
  visit_vectors(shape, [&](std::size_t channel) HWY_ATTR {
    const bfloat16* const from = input + channel;
    const Floats middle =
        hn::Mul(add_pixels(shape, [&](std::size_t at) HWY_ATTR { return load(from + at); }), share);
    store(middle, mean + channel);
    store(add_pixels(shape,
                     [&](std::size_t at) HWY_ATTR {
                       const Floats distance = hn::Sub(load(from + at), middle);
                       return hn::Mul(distance, distance);
                     }),
          squares + channel);
  });
}

/// Rounded to bf16.
HWY_INLINE Floats rounded(Floats values) {
  const auto bits = precision::HWY_NAMESPACE::round_upper_halves(values);
  const hn::RebindToUnsigned<FloatTag> tag;
  return hn::BitCast(FloatTag(), hn::And(bits, hn::Set(tag, 0xFFFF0000U)));
}

HWY_INLINE void store_rounded(Floats values, bfloat16* to) {
  const auto bits = hn::BitCast(hn::RebindToUnsigned<FloatTag>(), values);
  hn::StoreU(precision::HWY_NAMESPACE::lower_halves(hn::ShiftRight<16>(bits)), ShortTag(),
             reinterpret_cast<std::uint16_t*>(to));
}

/// NaN stays.
HWY_INLINE Floats without_negative(Floats values) {
  return hn::IfThenZeroElse(hn::Lt(values, hn::Zero(FloatTag())), values);
}

HWY_INLINE Integers integers(std::int32_t value) {
  return hn::Set(IntegerTag(), value);
}

void pool(const MaxPoolShape& shape, const bfloat16* input, const float* scale, const float* shift,
          bfloat16* output, std::uint8_t* positions) {
  visit_vectors(shape, [&](std::size_t channel) HWY_ATTR {
    const Floats factor = load(scale + channel);
    const Floats summand = load(shift + channel);
    const bfloat16* const from = input + channel;
    const auto normalised = [&](std::size_t at) HWY_ATTR {
      return rounded(without_negative(hn::MulAdd(load(from + at), factor, summand)));
    };
    visit_windows(shape, [&](const Window& window, std::size_t out) HWY_ATTR {
      Floats largest = normalised(window.at[0]);
      Integers chosen = integers(0);
      for (int k = 1; k < 4; ++k) {
        const Floats value = normalised(window.at[k]);
        const auto takes = hn::Or(hn::Gt(value, largest), hn::IsNaN(value));
        largest = hn::IfThenElse(takes, value, largest);
        chosen = hn::IfThenElse(hn::RebindMask(IntegerTag(), takes), integers(k), chosen);
      }
      store_rounded(largest, output + channel + out);
      if (positions == nullptr) return;
      const auto is_zero = hn::Eq(largest, hn::Zero(FloatTag()));
      chosen = hn::IfThenElse(hn::RebindMask(IntegerTag(), is_zero), integers(no_position), chosen);
      hn::StoreU(hn::DemoteTo(ByteTag(), chosen), ByteTag(), positions + channel + out);
    });
  });
}

HWY_INLINE Integers load_positions(const std::uint8_t* from) {
  return hn::PromoteTo(IntegerTag(), hn::LoadU(ByteTag(), from));
}
HWY_INLINE hn::Mask<FloatTag> is_at(Integers chosen, int position) {
  return hn::RebindMask(FloatTag(), hn::Eq(chosen, integers(position)));
}

void sum_diffs(const MaxPoolShape& shape, const bfloat16* input, const float* mean,
               const std::uint8_t* positions, const bfloat16* output_diff, float* sums,
               float* products) {
  visit_vectors(shape, [&](std::size_t channel) HWY_ATTR {
    const Floats middle = load(mean + channel);
    const bfloat16* const from = input + channel;
    Floats sum = hn::Zero(FloatTag());
    Floats product = hn::Zero(FloatTag());
    visit_windows(shape, [&](const Window& window, std::size_t out) HWY_ATTR {
      const Integers chosen = load_positions(positions + channel + out);
      Floats value = load(from + window.at[0]);
      for (int k = 1; k < 4; ++k)
        value = hn::IfThenElse(is_at(chosen, k), load(from + window.at[k]), value);
      const Floats diff =
          hn::IfThenZeroElse(is_at(chosen, no_position), load(output_diff + channel + out));
      sum = hn::Add(sum, diff);
      product = hn::MulAdd(diff, hn::Sub(value, middle), product);
    });
    store(sum, sums + channel);
    store(product, products + channel);
  });
}

/// Calls visit(offset) for the inputs that no window sees, below and to the right of all.
template <class Visit>
HWY_INLINE void visit_unseen(const MaxPoolShape& shape, const Visit& visit) {
  const std::size_t seen_width = 2 * shape.out_width;
  for (std::size_t h = 0; h < shape.height; ++h)
    for (std::size_t w = h < 2 * shape.out_height ? seen_width : 0; w < shape.width; ++w)
      visit((h * shape.width + w) * shape.channels);
}

void backward(const MaxPoolShape& shape, const bfloat16* input, const float* scale,
              const float* slope, const float* offset, const std::uint8_t* positions,
              const bfloat16* output_diff, bfloat16* input_diff) {
  visit_vectors(shape, [&](std::size_t channel) HWY_ATTR {
    const Floats factor = load(scale + channel);
    const Floats tilt = load(slope + channel);
    const Floats summand = load(offset + channel);
    const bfloat16* const from = input + channel;
    bfloat16* const to = input_diff + channel;
    visit_windows(shape, [&](const Window& window, std::size_t out) HWY_ATTR {
      const Integers chosen = load_positions(positions + channel + out);
      const Floats diff = hn::Mul(factor, load(output_diff + channel + out));
      for (int k = 0; k < 4; ++k) {
        const Floats common = hn::MulAdd(load(from + window.at[k]), tilt, summand);
        store(hn::Add(common, hn::IfThenElseZero(is_at(chosen, k), diff)), to + window.at[k]);
      }
    });
    visit_unseen(shape, [&](std::size_t at) HWY_ATTR {
      store(hn::MulAdd(load(from + at), tilt, summand), to + at);
    });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::nn::cpu::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::nn::cpu::kernel {

HWY_EXPORT(measure);
HWY_EXPORT(pool);
HWY_EXPORT(sum_diffs);
HWY_EXPORT(backward);

bool can_norm_pool(const MaxPoolShape& shape) {
  return shape.kernel == 2 && shape.stride == 2 && shape.padding == 0 &&
         shape.channels % norm_pool_channels == 0;
}

void measure_plane(const MaxPoolShape& shape, const bfloat16* input, float* mean, float* squares) {
  HWY_DYNAMIC_DISPATCH(measure)(shape, input, mean, squares);
}

void normalise_and_pool(const MaxPoolShape& shape, const bfloat16* input, const float* scale,
                        const float* shift, bfloat16* output, std::uint8_t* positions) {
  HWY_DYNAMIC_DISPATCH(pool)(shape, input, scale, shift, output, positions);
}

void sum_norm_pool_diffs(const MaxPoolShape& shape, const bfloat16* input, const float* mean,
                         const std::uint8_t* positions, const bfloat16* output_diff, float* sums,
                         float* products) {
  HWY_DYNAMIC_DISPATCH(sum_diffs)(shape, input, mean, positions, output_diff, sums, products);
}

void norm_pool_backward(const MaxPoolShape& shape, const bfloat16* input, const float* scale,
                        const float* slope, const float* offset, const std::uint8_t* positions,
                        const bfloat16* output_diff, bfloat16* input_diff) {
  HWY_DYNAMIC_DISPATCH(backward)
  (shape, input, scale, slope, offset, positions, output_diff, input_diff);
}

}  // namespace rondo::nn::cpu::kernel
#endif
