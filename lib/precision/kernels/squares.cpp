// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/squares.hpp"

#include <algorithm>

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "precision/kernels/squares.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace rondo::precision {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using DoubleTag = hn::ScalableTag<double>;
using NarrowTag = hn::Rebind<float, DoubleTag>;
using Doubles = hn::Vec<DoubleTag>;
constexpr std::size_t lanes = hn::MaxLanes(DoubleTag());
constexpr std::size_t vectors = SquareSum::count / lanes;

/// The products of two f32 are exact in f64: only the additions round.
HWY_INLINE void add_sixteen(const float* values, Doubles (&sums)[vectors]) {
  for (std::size_t k = 0; k < vectors; ++k) {
    const Doubles x = hn::PromoteTo(DoubleTag(), hn::LoadU(NarrowTag(), values + k * lanes));
    sums[k] = sums[k] + x * x;
  }
}

void add_squares_on_target(std::span<const float> values, double* partial) {
  const DoubleTag tag;
  Doubles sums[vectors];
  for (std::size_t k = 0; k < vectors; ++k)
    sums[k] = hn::LoadU(tag, partial + k * lanes);
  const std::size_t whole = values.size() / SquareSum::count * SquareSum::count;
  for (std::size_t i = 0; i < whole; i += SquareSum::count)
    add_sixteen(values.data() + i, sums);
  if (whole < values.size()) {
    float padded[SquareSum::count] = {};
    std::copy(values.data() + whole, values.data() + values.size(), padded);
    add_sixteen(padded, sums);
  }
  for (std::size_t k = 0; k < vectors; ++k)
    hn::StoreU(sums[k], tag, partial + k * lanes);
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::precision
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::precision {

HWY_EXPORT(add_squares_on_target);

void SquareSum::add(std::span<const float> values) {
  HWY_DYNAMIC_DISPATCH(add_squares_on_target)(values, partial_.data());
}

double SquareSum::total() const {
  std::array<double, count> sums = partial_;
  for (std::size_t half = count / 2; half > 0; half /= 2)
    for (std::size_t i = 0; i < half; ++i)
      sums[i] += sums[i + half];
  return sums[0];
}

double sum_of_squares(std::span<const float> values) {
  SquareSum sum;
  sum.add(values);
  return sum.total();
}

}  // namespace rondo::precision
#endif
