// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/kernels/max_pool.hpp"

#include <algorithm>

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
// NOLINTNEXTLINE(readability-identifier-naming)
#define HWY_TARGET_INCLUDE "nn/cpu/kernels/max_pool.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::nn::cpu::kernel {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// A window's part inside the input, in one direction.
struct Range {
  std::size_t first;  ///< of the input's rows or columns
  std::size_t skipped;
  std::size_t count;
};

HWY_INLINE Range visible(std::size_t out, std::size_t extent, const MaxPoolShape& shape) {
  const std::size_t begin = out * shape.stride;  // in the padded input
  const std::size_t skipped = begin < shape.padding ? shape.padding - begin : 0;
  const std::size_t first = begin + skipped - shape.padding;
  const std::size_t end = std::min(begin + shape.kernel, extent + shape.padding) - shape.padding;
  return {first, skipped, end - first};
}

/// Calls visit(offset of the input, position in the window) row by row.
template <class Visit>
HWY_INLINE void visit_rectangle(const Range& rows, const Range& columns, const MaxPoolShape& shape,
                                const Visit& visit) {
  for (std::size_t h = 0; h < rows.count; ++h) {
    const std::size_t row = ((rows.first + h) * shape.width + columns.first) * shape.channels;
    const std::size_t position = (rows.skipped + h) * shape.kernel + columns.skipped;
    for (std::size_t w = 0; w < columns.count; ++w)
      visit(row + w * shape.channels, position + w);
  }
}

/// The compiler unrolls the 2 x 2 window, of which four are seen more often than all others.
template <class Visit>
HWY_INLINE void visit_window(const Range& rows, const Range& columns, const MaxPoolShape& shape,
                             const Visit& visit) {
  if (shape.kernel != 2 || rows.count != 2 || columns.count != 2)
    return visit_rectangle(rows, columns, shape, visit);
  const std::size_t first = (rows.first * shape.width + columns.first) * shape.channels;
  const std::size_t second = first + shape.width * shape.channels;
  visit(first, std::size_t{0});
  visit(first + shape.channels, std::size_t{1});
  visit(second, std::size_t{2});
  visit(second + shape.channels, std::size_t{3});
}

/// Calls visit(tag, first channel) for vectors of all channels: `lanes` at a time, the rest halves.
template <std::size_t lanes, class Visit>
HWY_INLINE void visit_channels(std::size_t first, std::size_t channels, const Visit& visit) {
  for (; first + lanes <= channels; first += lanes)
    visit(hn::CappedTag<float, lanes>(), first);
  if constexpr (lanes > 1) {
    if (first < channels) visit_channels<lanes / 2>(first, channels, visit);
  }
}

/// Calls visit(tag, rows, columns, first channel, offset of the output) output by output.
template <class Visit>
HWY_INLINE void visit_outputs(const MaxPoolShape& shape, const Visit& visit) {
  std::size_t output = 0;
  for (std::size_t h = 0; h < shape.out_height; ++h) {
    const Range rows = visible(h, shape.height, shape);
    for (std::size_t w = 0; w < shape.out_width; ++w, output += shape.channels) {
      const Range columns = visible(w, shape.width, shape);
      visit_channels<hn::MaxLanes(hn::ScalableTag<float>())>(
          0, shape.channels, [&](auto tag, std::size_t channel) HWY_ATTR {
            visit(tag, rows, columns, channel, output + channel);
          });
    }
  }
}

void max_pool_on_target(const MaxPoolShape& shape, const float* input, float* output,
                        std::uint8_t* positions) {
  visit_outputs(shape, [&](auto tag, const Range& rows, const Range& columns, std::size_t channel,
                           std::size_t out) HWY_ATTR {
    const hn::RebindToSigned<decltype(tag)> integers;
    const float* from = input + channel;
    auto largest =
        hn::LoadU(tag, from + (rows.first * shape.width + columns.first) * shape.channels);
    auto chosen =
        hn::Set(integers, static_cast<std::int32_t>(rows.skipped * shape.kernel + columns.skipped));
    visit_window(rows, columns, shape, [&](std::size_t offset, std::size_t position) HWY_ATTR {
      const auto value = hn::LoadU(tag, from + offset);
      const auto takes = hn::Or(hn::Gt(value, largest), hn::IsNaN(value));
      largest = hn::IfThenElse(takes, value, largest);
      chosen = hn::IfThenElse(hn::RebindMask(integers, takes),
                              hn::Set(integers, static_cast<std::int32_t>(position)), chosen);
    });
    hn::StoreU(largest, tag, output + out);
    if (positions == nullptr) return;
    const hn::Rebind<std::uint8_t, decltype(tag)> bytes;
    hn::StoreU(hn::DemoteTo(bytes, chosen), bytes, positions + out);
  });
}

template <bool overlaps>
void spread(const MaxPoolShape& shape, const std::uint8_t* positions, const float* output_diff,
            float* input_diff) {
  visit_outputs(shape, [&](auto tag, const Range& rows, const Range& columns, std::size_t channel,
                           std::size_t out) HWY_ATTR {
    const hn::RebindToSigned<decltype(tag)> integers;
    const hn::Rebind<std::uint8_t, decltype(tag)> bytes;
    const auto chosen = hn::PromoteTo(integers, hn::LoadU(bytes, positions + out));
    const auto diff = hn::LoadU(tag, output_diff + out);
    visit_window(rows, columns, shape, [&](std::size_t offset, std::size_t position) HWY_ATTR {
      float* to = input_diff + channel + offset;
      const auto is_here = hn::Eq(chosen, hn::Set(integers, static_cast<std::int32_t>(position)));
      const auto sum = overlaps ? hn::LoadU(tag, to) : hn::Zero(tag);
      hn::StoreU(hn::Add(sum, hn::IfThenElseZero(hn::RebindMask(tag, is_here), diff)), tag, to);
    });
  });
}

/// True if each input is in exactly one window.
bool tiles(const MaxPoolShape& shape) {
  return shape.kernel == shape.stride && shape.padding == 0 &&
         shape.out_height * shape.stride == shape.height &&
         shape.out_width * shape.stride == shape.width;
}

void max_pool_backward_on_target(const MaxPoolShape& shape, const std::uint8_t* positions,
                                 const float* output_diff, float* input_diff) {
  if (!tiles(shape)) std::fill_n(input_diff, shape.inputs(), 0.0F);
  if (shape.kernel > shape.stride)
    spread<true>(shape, positions, output_diff, input_diff);
  else
    spread<false>(shape, positions, output_diff, input_diff);
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::nn::cpu::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::nn::cpu::kernel {

HWY_EXPORT(max_pool_on_target);
HWY_EXPORT(max_pool_backward_on_target);

void max_pool(const MaxPoolShape& shape, const float* input, float* output,
              std::uint8_t* positions) {
  HWY_DYNAMIC_DISPATCH(max_pool_on_target)(shape, input, output, positions);
}

void max_pool_backward(const MaxPoolShape& shape, const std::uint8_t* positions,
                       const float* output_diff, float* input_diff) {
  HWY_DYNAMIC_DISPATCH(max_pool_backward_on_target)(shape, positions, output_diff, input_diff);
}

}  // namespace rondo::nn::cpu::kernel
#endif
