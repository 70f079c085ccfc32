// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/kernels/max_pool.hpp"

#include <algorithm>
#include <type_traits>

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
// NOLINTNEXTLINE(readability-identifier-naming)
#define HWY_TARGET_INCLUDE "nn/cpu/kernels/max_pool.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "precision/kernels/float16.inl"

HWY_BEFORE_NAMESPACE();
namespace rondo::nn::cpu::kernel {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using ToBfloat16 = precision::HWY_NAMESPACE::ShortFloat<bfloat16>;

/// Unsigned integers of T's size.
template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 2, std::uint16_t, std::uint32_t>;

template <class D>
HWY_INLINE hn::Vec<D> load_floats(D tag, const float* from) {
  return hn::LoadU(tag, from);
}
template <class D>
HWY_INLINE hn::Vec<D> load_floats(D, const bfloat16* from) {
  const hn::Rebind<std::uint16_t, D> shorts;
  return ToBfloat16::decode(hn::LoadU(shorts, reinterpret_cast<const std::uint16_t*>(from)));
}

/// Of values that were loaded as they are: whatever NaN it was.
template <class D>
HWY_INLINE void store_loaded(hn::Vec<D> values, D tag, float* to) {
  hn::StoreU(values, tag, to);
}
template <class D>
HWY_INLINE void store_loaded(hn::Vec<D> values, D, bfloat16* to) {
  const hn::Rebind<std::uint16_t, D> shorts;
  const auto bits = hn::BitCast(hn::RebindToUnsigned<D>(), values);
  hn::StoreU(precision::HWY_NAMESPACE::lower_halves(hn::ShiftRight<16>(bits)), shorts,
             reinterpret_cast<std::uint16_t*>(to));
}

/// `pairs`: all are 2 x 2 and inside the input; the compiler unrolls them.
enum class Windows : std::uint8_t { any, pairs };

/// Calls f(the kind of the windows, as a constant).
template <class F>
HWY_INLINE void with_windows(const MaxPoolShape& shape, const F& f) {
  if (shape.kernel == 2 && shape.padding == 0)
    f(std::integral_constant<Windows, Windows::pairs>());
  else
    f(std::integral_constant<Windows, Windows::any>());
}

/// A window's part inside the input, in one direction.
struct Range {
  std::size_t first;  ///< of the input's rows or columns
  std::size_t skipped;
  std::size_t count;
};

template <Windows windows>
HWY_INLINE Range visible(std::size_t out, std::size_t extent, const MaxPoolShape& shape) {
  const std::size_t begin = out * shape.stride;  // in the padded input
  if constexpr (windows == Windows::pairs) return {begin, 0, 2};
  const std::size_t skipped = begin < shape.padding ? shape.padding - begin : 0;
  const std::size_t first = begin + skipped - shape.padding;
  const std::size_t end = std::min(begin + shape.kernel, extent + shape.padding) - shape.padding;
  return {first, skipped, end - first};
}

/// A window's part inside the input.
struct Window {
  Range rows;
  Range columns;

  std::size_t first_offset(const MaxPoolShape& shape) const {
    return (rows.first * shape.width + columns.first) * shape.channels;
  }
  std::size_t first_position(const MaxPoolShape& shape) const {
    return rows.skipped * shape.kernel + columns.skipped;
  }
};

/// Calls visit(offset of the input, position in the window) row by row; behind the first input.
template <Windows windows, class Visit>
HWY_INLINE void visit_rest(const Window& window, const MaxPoolShape& shape, const Visit& visit) {
  const std::size_t first = window.first_offset(shape);
  const std::size_t row_stride = shape.width * shape.channels;
  if constexpr (windows == Windows::pairs) {
    visit(first + shape.channels, std::size_t{1});
    visit(first + row_stride, std::size_t{2});
    visit(first + row_stride + shape.channels, std::size_t{3});
    return;
  }
  for (std::size_t h = 0; h < window.rows.count; ++h) {
    const std::size_t position = window.first_position(shape) + h * shape.kernel;
    for (std::size_t w = h == 0 ? 1 : 0; w < window.columns.count; ++w)
      visit(first + h * row_stride + w * shape.channels, position + w);
  }
}

/// Calls visit(tag, first channel) for vectors of T for all channels: `lanes` at a time, the rest
/// halves.
template <class T, std::size_t lanes, class Visit>
HWY_INLINE void visit_channels(std::size_t first, std::size_t channels, const Visit& visit) {
  for (; first + lanes <= channels; first += lanes)
    visit(hn::CappedTag<T, lanes>(), first);
  if constexpr (lanes > 1) {
    if (first < channels) visit_channels<T, lanes / 2>(first, channels, visit);
  }
}

/// Calls visit(tag, first channel) for vectors of T for all channels.
template <class T, class Visit>
HWY_INLINE void visit_channels(std::size_t channels, const Visit& visit) {
  visit_channels<T, hn::MaxLanes(hn::ScalableTag<T>())>(0, channels, visit);
}

/// Calls visit(tag, window, first channel, offset of the output) for vectors of T, output by
/// output.
template <class T, Windows windows, class Visit>
HWY_INLINE void visit_outputs(const MaxPoolShape& shape, const Visit& visit) {
  std::size_t output = 0;
  for (std::size_t h = 0; h < shape.out_height; ++h) {
    const Range rows = visible<windows>(h, shape.height, shape);
    for (std::size_t w = 0; w < shape.out_width; ++w, output += shape.channels) {
      const Window window{rows, visible<windows>(w, shape.width, shape)};
      visit_channels<T>(shape.channels, [&](auto tag, std::size_t channel) HWY_ATTR {
        visit(tag, window, channel, output + channel);
      });
    }
  }
}

template <Windows windows, class T>
void pool(const MaxPoolShape& shape, const T* input, T* output, std::uint8_t* positions) {
  visit_outputs<float, windows>(
      shape, [&](auto tag, const Window& window, std::size_t channel, std::size_t out) HWY_ATTR {
        const hn::RebindToSigned<decltype(tag)> integers;
        const T* from = input + channel;
        auto largest = load_floats(tag, from + window.first_offset(shape));
        auto chosen = hn::Set(integers, static_cast<std::int32_t>(window.first_position(shape)));
        visit_rest<windows>(window, shape, [&](std::size_t offset, std::size_t position) HWY_ATTR {
          const auto value = load_floats(tag, from + offset);
          const auto takes = hn::Or(hn::Gt(value, largest), hn::IsNaN(value));
          largest = hn::IfThenElse(takes, value, largest);
          chosen = hn::IfThenElse(hn::RebindMask(integers, takes),
                                  hn::Set(integers, static_cast<std::int32_t>(position)), chosen);
        });
        store_loaded(largest, tag, output + out);
        if (positions == nullptr) return;
        const hn::Rebind<std::uint8_t, decltype(tag)> bytes;
        hn::StoreU(hn::DemoteTo(bytes, chosen), bytes, positions + out);
      });
}

template <class T>
void max_pool_of(const MaxPoolShape& shape, const T* input, T* output, std::uint8_t* positions) {
  with_windows(shape, [&](auto windows) HWY_ATTR {
    pool<decltype(windows)::value>(shape, input, output, positions);
  });
}

/// No input is in two windows: values are moved as they are, but that -0, added to 0, is 0.
template <Windows windows, class T>
void spread(const MaxPoolShape& shape, const std::uint8_t* positions, const T* output_diff,
            T* input_diff) {
  using Bits = BitsOf<T>;
  const auto* diffs = reinterpret_cast<const Bits*>(output_diff);
  auto* targets = reinterpret_cast<Bits*>(input_diff);
  visit_outputs<Bits, windows>(
      shape, [&](auto tag, const Window& window, std::size_t channel, std::size_t out) HWY_ATTR {
        const hn::Rebind<std::uint8_t, decltype(tag)> bytes;
        const auto chosen = hn::PromoteTo(tag, hn::LoadU(bytes, positions + out));
        const auto loaded = hn::LoadU(tag, diffs + out);
        const auto minus_zero = hn::Set(tag, static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1)));
        const auto diff = hn::IfThenZeroElse(hn::Eq(loaded, minus_zero), loaded);
        const auto move = [&](std::size_t offset, std::size_t position) HWY_ATTR {
          const auto is_here = hn::Eq(chosen, hn::Set(tag, static_cast<Bits>(position)));
          hn::StoreU(hn::IfThenElseZero(is_here, diff), tag, targets + channel + offset);
        };
        move(window.first_offset(shape), window.first_position(shape));
        visit_rest<windows>(window, shape, move);
      });
}

/// A window adds to what it sees.
void add_overlapping(const MaxPoolShape& shape, const std::uint8_t* positions,
                     const float* output_diff, float* input_diff) {
  std::fill_n(input_diff, shape.inputs(), 0.0F);
  visit_outputs<float, Windows::any>(
      shape, [&](auto tag, const Window& window, std::size_t channel, std::size_t out) HWY_ATTR {
        const hn::RebindToSigned<decltype(tag)> integers;
        const hn::Rebind<std::uint8_t, decltype(tag)> bytes;
        const auto chosen = hn::PromoteTo(integers, hn::LoadU(bytes, positions + out));
        const auto diff = hn::LoadU(tag, output_diff + out);
        const auto add = [&](std::size_t offset, std::size_t position) HWY_ATTR {
          float* to = input_diff + channel + offset;
          const auto here = hn::Eq(chosen, hn::Set(integers, static_cast<std::int32_t>(position)));
          const auto value = hn::IfThenElseZero(hn::RebindMask(tag, here), diff);
          hn::StoreU(hn::Add(hn::LoadU(tag, to), value), tag, to);
        };
        add(window.first_offset(shape), window.first_position(shape));
        visit_rest<Windows::any>(window, shape, add);
      });
}

/// The windows that see a row or column, from `first` on.
struct Seeing {
  std::size_t first = 0;
  std::size_t end = 0;

  /// From any row or column before `in`; `count` is that of all windows.
  HWY_INLINE void move_to(std::size_t in, std::size_t count, const MaxPoolShape& shape) {
    const std::size_t padded = in + shape.padding;
    while (end < count && end * shape.stride <= padded)
      ++end;
    while (first * shape.stride + shape.kernel <= padded)
      ++first;
  }
};

/// An input takes from all windows that see it, so that a sum is rounded once.
void add_overlapping(const MaxPoolShape& shape, const std::uint8_t* positions,
                     const bfloat16* output_diff, bfloat16* input_diff) {
  Seeing rows;
  for (std::size_t h = 0; h < shape.height; ++h) {
    rows.move_to(h, shape.out_height, shape);
    Seeing columns;
    for (std::size_t w = 0; w < shape.width; ++w, input_diff += shape.channels) {
      columns.move_to(w, shape.out_width, shape);
      const auto position_in = [&](std::size_t row, std::size_t column) {
        return (h + shape.padding - row * shape.stride) * shape.kernel +
               (w + shape.padding - column * shape.stride);
      };
      visit_channels<float>(shape.channels, [&](auto tag, std::size_t channel) HWY_ATTR {
        const hn::RebindToSigned<decltype(tag)> integers;
        const hn::Rebind<std::uint8_t, decltype(tag)> bytes;
        auto sum = hn::Zero(tag);
        for (std::size_t row = rows.first; row < rows.end; ++row) {
          for (std::size_t column = columns.first; column < columns.end; ++column) {
            const std::size_t out = (row * shape.out_width + column) * shape.channels + channel;
            const auto chosen = hn::PromoteTo(integers, hn::LoadU(bytes, positions + out));
            const auto here = hn::Eq(
                chosen, hn::Set(integers, static_cast<std::int32_t>(position_in(row, column))));
            sum = hn::Add(sum, hn::IfThenElseZero(hn::RebindMask(tag, here),
                                                  load_floats(tag, output_diff + out)));
          }
        }
        const hn::Rebind<std::uint16_t, decltype(tag)> shorts;
        hn::StoreU(ToBfloat16::encode(sum), shorts,
                   reinterpret_cast<std::uint16_t*>(input_diff + channel));
      });
    }
  }
}

/// True if each input is in exactly one window.
bool tiles(const MaxPoolShape& shape) {
  return shape.kernel == shape.stride && shape.padding == 0 &&
         shape.out_height * shape.stride == shape.height &&
         shape.out_width * shape.stride == shape.width;
}

template <class T>
void max_pool_backward_of(const MaxPoolShape& shape, const std::uint8_t* positions,
                          const T* output_diff, T* input_diff) {
  if (shape.kernel > shape.stride)
    return add_overlapping(shape, positions, output_diff, input_diff);
  if (!tiles(shape)) std::fill_n(input_diff, shape.inputs(), T());
  with_windows(shape, [&](auto windows) HWY_ATTR {
    spread<decltype(windows)::value>(shape, positions, output_diff, input_diff);
  });
}

void max_pool_f32(const MaxPoolShape& shape, const float* input, float* output,
                  std::uint8_t* positions) {
  max_pool_of(shape, input, output, positions);
}
void max_pool_bf16(const MaxPoolShape& shape, const bfloat16* input, bfloat16* output,
                   std::uint8_t* positions) {
  max_pool_of(shape, input, output, positions);
}
void max_pool_backward_f32(const MaxPoolShape& shape, const std::uint8_t* positions,
                           const float* output_diff, float* input_diff) {
  max_pool_backward_of(shape, positions, output_diff, input_diff);
}
void max_pool_backward_bf16(const MaxPoolShape& shape, const std::uint8_t* positions,
                            const bfloat16* output_diff, bfloat16* input_diff) {
  max_pool_backward_of(shape, positions, output_diff, input_diff);
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::nn::cpu::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::nn::cpu::kernel {

HWY_EXPORT(max_pool_f32);
HWY_EXPORT(max_pool_bf16);
HWY_EXPORT(max_pool_backward_f32);
HWY_EXPORT(max_pool_backward_bf16);

void max_pool(const MaxPoolShape& shape, const float* input, float* output,
              std::uint8_t* positions) {
  HWY_DYNAMIC_DISPATCH(max_pool_f32)(shape, input, output, positions);
}
void max_pool(const MaxPoolShape& shape, const bfloat16* input, bfloat16* output,
              std::uint8_t* positions) {
  HWY_DYNAMIC_DISPATCH(max_pool_bf16)(shape, input, output, positions);
}

void max_pool_backward(const MaxPoolShape& shape, const std::uint8_t* positions,
                       const float* output_diff, float* input_diff) {
  HWY_DYNAMIC_DISPATCH(max_pool_backward_f32)(shape, positions, output_diff, input_diff);
}
void max_pool_backward(const MaxPoolShape& shape, const std::uint8_t* positions,
                       const bfloat16* output_diff, bfloat16* input_diff) {
  HWY_DYNAMIC_DISPATCH(max_pool_backward_bf16)(shape, positions, output_diff, input_diff);
}

}  // namespace rondo::nn::cpu::kernel
#endif
