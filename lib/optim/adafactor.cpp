// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/adafactor.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/precision/device_pieces.hpp"
#include "rondo/precision/squares.hpp"
#include "rondo/precision/strided_sum.hpp"

#include "optim/blocks.hpp"
#include "optim/checks.hpp"
#include "optim/kernels/factors.hpp"

namespace rondo::optim {
namespace {

constexpr std::array<std::string_view, 3> factor_slots{"row", "column", "square"};
using enum kernel::FactoredSlot;

/// A parameter as a matrix: its first dimension by the rest.
struct Matrix {
  std::size_t rows;
  std::size_t columns;

  explicit Matrix(const Shape& shape)
      : rows(shape.empty() ? 1 : shape[0]), columns(rows == 0 ? 0 : element_count(shape) / rows) {}
};

bool is_factored(const Shape& shape) {
  return shape.size() > 1;
}

/// Sums over the rows of a matrix, slice by slice.
class ColumnSums {
 public:
  explicit ColumnSums(std::size_t columns) : slice_(columns), total_(columns) {}

  double* slice() noexcept { return slice_.data(); }
  std::vector<double>& total() noexcept { return total_; }
  void add_slice() {
    for (std::size_t c = 0; c < total_.size(); ++c) {
      total_[c] += slice_[c];
      slice_[c] = 0;
    }
  }

 private:
  std::vector<double> slice_;
  std::vector<double> total_;
};

static_assert(kernel::strip_columns == block_count);
constexpr std::size_t piece_elements = precision::DevicePiece::most_elements;

/// What lies first in `values`, as much as a piece: the end of one's sum would hold up its loads.
void prefetch(std::span<const float> values) {
  constexpr std::size_t line = cache_line_bytes / sizeof(float);
  for (std::size_t i = 0; i < std::min(values.size(), piece_elements); i += line)
    __builtin_prefetch(&values[i]);
}

/// The SquareSums of the pieces that an arena cuts the range into, measure(first, count) of each,
/// added as everywhere.
template <class Measure>
SquareSums sum_pieces(const UpdateRange& range, const Measure& measure) {
  std::vector<SquareSums> sums;
  const std::size_t end = range.value.size();
  sums.reserve(end / piece_elements + 2);
  std::size_t count = piece_elements - range.first % piece_elements;
  for (std::size_t begin = 0; begin < end; begin += count, count = piece_elements) {
    count = std::min(count, end - begin);
    sums.push_back(measure(begin, count));
  }
  return precision::strided_sum(std::span<const SquareSums>(sums));
}

/// The step of a matrix, in two passes over the gradient. The length of the direction takes no pass
/// of its own: its sum of squares is that over the columns of the sum of g^2 / R, by C, times
/// mean(R).
class MatrixStep {
 public:
  MatrixStep(const UpdateRange& range, const StepContext& context, const kernel::FactoredStep& step)
      : range_(range),
        context_(context),
        step_(step),
        matrix_(*range.shape),
        row_means_(matrix_.rows),
        column_sums_(matrix_.columns),
        scaled_sums_(matrix_.columns),
        column_roots_(matrix_.columns) {}

  /// Brings the second moments up to date.
  SquareSums measure();
  void move(const kernel::MoveFactors& factors);

 private:
  void measure_rows(std::size_t first, std::size_t count);
  void add_slices();
  template <class Visit>
  void visit_blocks(std::size_t first, std::size_t count, Visit visit) const;

  const UpdateRange& range_;
  const StepContext& context_;
  const kernel::FactoredStep& step_;
  Matrix matrix_;
  double row_mean_ = 0;
  std::vector<double> row_means_;
  ColumnSums column_sums_;
  ColumnSums scaled_sums_;
  std::vector<float> column_roots_;
};

SquareSums MatrixStep::measure() {
  for (std::size_t r = 0; r < matrix_.rows; r += kernel::row_group) {
    measure_rows(r, std::min(kernel::row_group, matrix_.rows - r));
    if ((r + kernel::row_group) % kernel::slice_rows == 0) add_slices();
  }
  add_slices();
  row_mean_ = precision::strided_sum(std::span<const double>(row_means_)) /
              static_cast<double>(matrix_.rows);
  std::vector<double>& squares = scaled_sums_.total();
  for (std::size_t c = 0; c < matrix_.columns; ++c) {
    float& mean = range_.slots[column][c];
    kernel::follow(mean,
                   column_sums_.total()[c] / static_cast<double>(matrix_.rows) + step_.epsilon,
                   step_.beta);
    column_roots_[c] = kernel::inverse_root(static_cast<double>(mean));
    squares[c] /= static_cast<double>(mean);
  }
  SquareSums sums = sum_pieces(range_, [&](std::size_t begin, std::size_t count) {
    prefetch(range_.value.subspan(begin + count));
    return SquareSums{.value = precision::sum_of_squares(range_.value.subspan(begin, count))};
  });
  sums.direction = row_mean_ * precision::strided_sum(std::span<const double>(squares));
  return sums;
}

void MatrixStep::add_slices() {
  column_sums_.add_slice();
  scaled_sums_.add_slice();
}

/// The second time, the rows are in the cache, and the memory has time for the next ones.
void MatrixStep::measure_rows(std::size_t first, std::size_t count) {
  std::array<double, kernel::row_group> sums{};
  visit_blocks(first, count, [&](std::size_t begin, const kernel::Rows& rows) {
    std::array<precision::SquareSum, kernel::row_group> of_strip;
    kernel::add_squares(rows, step_.gradient, column_sums_.slice() + begin, of_strip.data());
    for (std::size_t i = 0; i < count; ++i)
      sums[i] += of_strip[i].total();
  });
  std::array<float, kernel::row_group> roots{};
  for (std::size_t i = 0; i < count; ++i) {
    float& mean = range_.slots[row][first + i];
    kernel::follow(mean, sums[i] / static_cast<double>(matrix_.columns) + step_.epsilon,
                   step_.beta);
    row_means_[first + i] = static_cast<double>(mean);
    roots[i] = kernel::inverse_root(static_cast<double>(mean));
  }
  const bool more = first + count + kernel::row_group <= matrix_.rows;
  visit_blocks(first, count, [&](std::size_t begin, kernel::Rows rows) {
    if (more) rows.next = rows.first + count * matrix_.columns;
    kernel::add_scaled_squares(rows, step_.gradient, roots.data(), scaled_sums_.slice() + begin);
  });
}

/// Calls visit(first column, part of the rows) for block after block of their columns.
template <class Visit>
void MatrixStep::visit_blocks(std::size_t first, std::size_t count, Visit visit) const {
  for_each_block(matrix_.columns, [&](std::size_t begin, std::size_t columns) {
    visit(begin, kernel::Rows{.first = range_.grad.data() + first * matrix_.columns + begin,
                              .stride = matrix_.columns,
                              .rows = count,
                              .count = columns});
  });
}

void MatrixStep::move(const kernel::MoveFactors& factors) {
  for (std::size_t r = 0; r < matrix_.rows; ++r) {
    const float row_root =
        kernel::inverse_root(static_cast<double>(range_.slots[row][r]) / row_mean_);
    for_each_block(matrix_.columns, [&](std::size_t column_begin, std::size_t count) {
      const std::size_t begin = r * matrix_.columns + column_begin;
      kernel::move_by_factors(
          {.written = {range_.value.data() + begin},
           .read = {range_.grad.data() + begin, column_roots_.data() + column_begin},
           .count = count},
          row_root, factors);
      round_block(range_, context_, begin, count);
    });
  }
}

/// The step of a vector.
SquareSums measure_vector(const UpdateRange& range, const kernel::SquareFactors& factors) {
  return sum_pieces(range, [&](std::size_t begin, std::size_t count) {
    kernel::MeasuredSums sums;
    kernel::measure_squares({.written = {range.slots[square].data() + begin},
                             .read = {range.value.data() + begin, range.grad.data() + begin},
                             .count = count},
                            factors, sums);
    return SquareSums{sums.value.total(), sums.direction.total()};
  });
}

void move_vector(const UpdateRange& range, const StepContext& context,
                 const kernel::MoveFactors& factors) {
  const kernel::Streams<1, 2> streams{.written = {range.value.data()},
                                      .read = {range.grad.data(), range.slots[square].data()},
                                      .count = range.value.size()};
  update_blocks(range, context, streams,
                [&](const auto& block) { kernel::move_by_squares(block, factors); });
}

}  // namespace

Adafactor::Adafactor(const Options& options) : options_(options) {
  require_positive(options.epsilon, "adafactor: epsilon");
  require_positive(options.smallest_scale, "adafactor: smallest scale");
  require_positive(options.clip_threshold, "adafactor: clip threshold");
  require_positive(options.decay_exponent, "adafactor: decay exponent");
  require_non_negative(options.weight_decay, "adafactor: weight decay");
}

std::string Adafactor::text() const {
  return fmt::format(
      "adafactor, decay exponent {}, epsilon {}, smallest scale {}, clip threshold {}, weight "
      "decay "
      "{}",
      options_.decay_exponent, options_.epsilon, options_.smallest_scale, options_.clip_threshold,
      options_.weight_decay);
}

std::span<const std::string_view> Adafactor::slot_names() const noexcept {
  return factor_slots;
}

Shape Adafactor::slot_shape(std::size_t slot, const Shape& parameter) const {
  const bool factored = is_factored(parameter);
  if (slot == row && factored) return {Matrix(parameter).rows};
  if (slot == column && factored) return {Matrix(parameter).columns};
  if (slot == square && !factored) return parameter;
  return {0};
}

void Adafactor::update(const UpdateRange& range, const StepContext& context) const {
  require_valid(*this, range, context);
  if (range.value.empty()) return;
  const kernel::FactoredStep step(options_, context);
  const auto factors = [&](const SquareSums& sums) {
    return kernel::move_factors(step, sums, range.value.size(), range.decays);
  };
  if (is_factored(*range.shape)) {
    MatrixStep matrix(range, context, step);
    return matrix.move(factors(matrix.measure()));
  }
  move_vector(range, context, factors(measure_vector(range, kernel::square_factors(step))));
}

}  // namespace rondo::optim
