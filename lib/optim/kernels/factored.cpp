// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "optim/kernels/factored.hpp"

#include <algorithm>

#include "base/host_device.hpp"
#include "base/vector_targets.hpp"
#include "optim/kernels/rules.hpp"

// From here on, this file is compiled once per target.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/kernels/factored.cpp"  // NOLINT(readability-identifier-naming)
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "optim/kernels/vectors.inl"

HWY_BEFORE_NAMESPACE();
namespace rondo::optim::kernel {
namespace HWY_NAMESPACE {

constexpr std::size_t double_vectors = sixteen / double_lanes;

/// The squares of sixteen elements of a row, exact in f64: calls use(k, k-th vector).
template <class Use>
HWY_INLINE void square_sixteen(const float* sums, const Gradient& gradient, const Use& use) {
  const hn::Half<FloatTag> half;
  for (std::size_t k = 0; k < double_vectors; k += 2) {
    const Floats x = scaled_and_clipped(hn::LoadU(FloatTag(), sums + k * double_lanes), gradient);
    const Doubles lower = hn::PromoteTo(DoubleTag(), hn::LowerHalf(half, x));
    const Doubles upper = hn::PromoteTo(DoubleTag(), hn::UpperHalf(half, x));
    use(k, lower * lower);
    use(k + 1, upper * upper);
  }
}

/// Calls visit(rows, column sums) for sixteen columns after the other; the last few are a copy that
/// is filled up with zeros.
template <std::size_t row_count, class Visit>
HWY_INLINE void visit_sixteens(const Rows& rows, double* column_sums, const Visit& visit) {
  std::size_t i = 0;
  for (; i + sixteen <= rows.count; i += sixteen) {
    for (std::size_t r = 0; r < row_count && rows.next != nullptr; ++r)
      hwy::Prefetch(rows.next + r * rows.stride + i);
    visit(rows.first + i, rows.stride, column_sums + i);
  }
  if (i == rows.count) return;
  HWY_ALIGN float padded[row_count][sixteen] = {};
  HWY_ALIGN double padded_sums[sixteen] = {};
  for (std::size_t r = 0; r < row_count; ++r)
    std::copy(rows.first + r * rows.stride + i, rows.first + r * rows.stride + rows.count,
              padded[r]);
  std::copy(column_sums + i, column_sums + rows.count, padded_sums);
  visit(padded[0], sixteen, padded_sums);
  std::copy_n(padded_sums, rows.count - i, column_sums + i);
}

HWY_INLINE void load_sums(const double* from, Doubles (&sums)[double_vectors]) {
  for (std::size_t k = 0; k < double_vectors; ++k)
    sums[k] = hn::LoadU(DoubleTag(), from + k * double_lanes);
}

HWY_INLINE void store_sums(const Doubles (&sums)[double_vectors], double* to) {
  for (std::size_t k = 0; k < double_vectors; ++k)
    hn::StoreU(sums[k], DoubleTag(), to + k * double_lanes);
}

HWY_INLINE void add_to(double* sums, Doubles x) {
  hn::StoreU(hn::LoadU(DoubleTag(), sums) + x, DoubleTag(), sums);
}

template <std::size_t row_count>
void add_squares_of(const Rows& rows, const Gradient gradient, double* column_sums,
                    precision::SquareSum* row_sums) {
  Doubles of_rows[row_count][double_vectors];
  for (std::size_t r = 0; r < row_count; ++r)
    load_sums(row_sums[r].partial().data(), of_rows[r]);
  visit_sixteens<row_count>(
      rows, column_sums, [&](const float* first, std::size_t stride, double* columns) HWY_ATTR {
        Doubles of_columns[double_vectors];
        load_sums(columns, of_columns);
        for (std::size_t r = 0; r < row_count; ++r) {
          square_sixteen(first + r * stride, gradient, [&](std::size_t k, Doubles x) HWY_ATTR {
            of_rows[r][k] = of_rows[r][k] + x;
            of_columns[k] = of_columns[k] + x;
          });
        }
        store_sums(of_columns, columns);
      });
  for (std::size_t r = 0; r < row_count; ++r)
    store_sums(of_rows[r], row_sums[r].partial().data());
}

/// What is added comes near 1 in size, so that a group's sum does well in f32.
template <std::size_t row_count>
void add_scaled_squares_of(const Rows& rows, const Gradient gradient, const float* scales,
                           double* column_sums) {
  const hn::Half<FloatTag> half;
  Floats scale[row_count];
  for (std::size_t r = 0; r < row_count; ++r)
    scale[r] = all(scales[r]);
  visit_sixteens<row_count>(
      rows, column_sums, [&](const float* first, std::size_t stride, double* columns) HWY_ATTR {
        for (std::size_t k = 0; k < sixteen; k += lanes) {
          Floats sum = all(0.0F);
          for (std::size_t r = 0; r < row_count; ++r) {
            const Floats g = hn::LoadU(FloatTag(), first + r * stride + k);
            sum = sum + scaled_square(g, scale[r], gradient);
          }
          add_to(columns + k, hn::PromoteTo(DoubleTag(), hn::LowerHalf(half, sum)));
          add_to(columns + k + double_lanes, hn::PromoteTo(DoubleTag(), hn::UpperHalf(half, sum)));
        }
      });
}

/// The rows of a group that is not whole.
Rows single_row(const Rows& rows, std::size_t r) {
  Rows one = rows;
  one.first += r * rows.stride;
  one.rows = 1;
  one.next = nullptr;
  return one;
}

void add_squares_on_target(const Rows& rows, const Gradient& gradient, double* column_sums,
                           precision::SquareSum* row_sums) {
  if (rows.rows == row_group)
    return add_squares_of<row_group>(rows, gradient, column_sums, row_sums);
  for (std::size_t r = 0; r < rows.rows; ++r)
    add_squares_of<1>(single_row(rows, r), gradient, column_sums, row_sums + r);
}

void add_scaled_squares_on_target(const Rows& rows, const Gradient& gradient, const float* scales,
                                  double* column_sums) {
  if (rows.rows == row_group)
    return add_scaled_squares_of<row_group>(rows, gradient, scales, column_sums);
  for (std::size_t r = 0; r < rows.rows; ++r)
    add_scaled_squares_of<1>(single_row(rows, r), gradient, scales + r, column_sums);
}

void measure_squares_on_target(const Streams<1, 2>& streams, const SquareFactors& factors,
                               MeasuredSums& sums) {
  apply_and_square(
      streams,
      [f = factors](Floats(&written)[1], const Floats(&read)[2]) HWY_ATTR {
        return Measured{read[0], follow_square(written[0], read[1], f)};
      },
      sums);
}

void move_by_squares_on_target(const Streams<1, 2>& streams, const MoveFactors& factors) {
  apply(streams, [f = factors](Floats(&written)[1], const Floats(&read)[2])
                     HWY_ATTR { move_by_square(written[0], read[0], read[1], f); });
}

void move_by_factors_on_target(const Streams<1, 2>& streams, float row_root,
                               const MoveFactors& factors) {
  apply(streams, [row_root, f = factors](Floats(&written)[1], const Floats(&read)[2])
                     HWY_ATTR { move_by_roots(written[0], read[0], all(row_root), read[1], f); });
}

}  // namespace HWY_NAMESPACE
}  // namespace rondo::optim::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rondo::optim::kernel {

HWY_EXPORT(add_squares_on_target);
HWY_EXPORT(add_scaled_squares_on_target);
HWY_EXPORT(measure_squares_on_target);
HWY_EXPORT(move_by_squares_on_target);
HWY_EXPORT(move_by_factors_on_target);

void add_squares(const Rows& rows, const Gradient& gradient, double* column_sums,
                 precision::SquareSum* row_sums) {
  HWY_DYNAMIC_DISPATCH(add_squares_on_target)(rows, gradient, column_sums, row_sums);
}

void add_scaled_squares(const Rows& rows, const Gradient& gradient, const float* scales,
                        double* column_sums) {
  HWY_DYNAMIC_DISPATCH(add_scaled_squares_on_target)(rows, gradient, scales, column_sums);
}

void measure_squares(const Streams<1, 2>& streams, const SquareFactors& factors,
                     MeasuredSums& sums) {
  HWY_DYNAMIC_DISPATCH(measure_squares_on_target)(streams, factors, sums);
}

void move_by_squares(const Streams<1, 2>& streams, const MoveFactors& factors) {
  HWY_DYNAMIC_DISPATCH(move_by_squares_on_target)(streams, factors);
}

void move_by_factors(const Streams<1, 2>& streams, float row_root, const MoveFactors& factors) {
  HWY_DYNAMIC_DISPATCH(move_by_factors_on_target)(streams, row_root, factors);
}

}  // namespace rondo::optim::kernel
#endif
