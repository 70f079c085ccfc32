// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "optim/kernels/factored.hpp"

#include <algorithm>

#include "base/vector_targets.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/kernels/factored.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "optim/kernels/vectors.inl"

HWY_BEFORE_NAMESPACE();
namespace rondo::optim::kernel {
namespace HWY_NAMESPACE {

void add_squares_to_on_target(double* sums, const float* values, std::size_t count) {
  const hn::ScalableTag<double> tag;
  const hn::Rebind<float, decltype(tag)> narrow;
  constexpr std::size_t step = hn::MaxLanes(hn::ScalableTag<double>());
  std::size_t i = 0;
  for (; i + step <= count; i += step) {
    const auto x = hn::PromoteTo(tag, hn::LoadU(narrow, values + i));
    hn::StoreU(hn::LoadU(tag, sums + i) + x * x, tag, sums + i);
  }
  for (; i < count; ++i)
    sums[i] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
}

void divide_by_factors_on_target(const Streams<1, 1>& streams, float row_root) {
  apply(streams, [row_root](Floats(&written)[1], const Floats(&read)[1])
                     HWY_ATTR { written[0] = written[0] * (all(row_root) * read[0]); });
}

void update_square_on_target(const Streams<1, 1>& streams, const SquareFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[1], const Floats(&read)[1]) HWY_ATTR {
    const Floats sample = read[0] * read[0] + all(f.epsilon);
    written[0] = all(f.beta) * written[0] + all(1.0F - f.beta) * sample;
  });
}

void divide_by_root_on_target(const Streams<1, 1>& streams) {
  apply(streams, [](Floats(&written)[1], const Floats(&read)[1])
                     HWY_ATTR { written[0] = written[0] / hn::Sqrt(read[0]); });
}

void move_on_target(const Streams<1, 1>& streams, const MoveFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[1], const Floats(&read)[1])
                     HWY_ATTR { written[0] = all(f.keep) * written[0] - all(f.length) * read[0]; });
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::optim::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::optim::kernel {

HWY_EXPORT(add_squares_to_on_target);
HWY_EXPORT(divide_by_factors_on_target);
HWY_EXPORT(update_square_on_target);
HWY_EXPORT(divide_by_root_on_target);
HWY_EXPORT(move_on_target);

void add_squares_to(double* sums, const float* values, std::size_t count) {
  HWY_DYNAMIC_DISPATCH(add_squares_to_on_target)(sums, values, count);
}

void divide_by_factors(const Streams<1, 1>& streams, float row_root) {
  HWY_DYNAMIC_DISPATCH(divide_by_factors_on_target)(streams, row_root);
}

void update_square(const Streams<1, 1>& streams, const SquareFactors& factors) {
  HWY_DYNAMIC_DISPATCH(update_square_on_target)(streams, factors);
}

void divide_by_root(const Streams<1, 1>& streams) {
  HWY_DYNAMIC_DISPATCH(divide_by_root_on_target)(streams);
}

void move(const Streams<1, 1>& streams, const MoveFactors& factors) {
  HWY_DYNAMIC_DISPATCH(move_on_target)(streams, factors);
}

}  // namespace rondo::optim::kernel
#endif
