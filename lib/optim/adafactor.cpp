// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/adafactor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/precision/squares.hpp"

#include "optim/blocks.hpp"
#include "optim/checks.hpp"
#include "optim/kernels/factored.hpp"
#include "optim/kernels/rules.hpp"

namespace rondo::optim {
namespace {

constexpr std::array<std::string_view, 3> factor_slots{"row", "column", "square"};
enum Slot : std::size_t { row, column, square };

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

/// One block's work space.
struct Block {
  alignas(cache_line_bytes) std::array<float, block_count> memory{};

  /// The block's gradient.
  std::span<const float> gradient(const UpdateRange& range, const kernel::Gradient& gradient,
                                  std::size_t begin, std::size_t count) {
    kernel::scale({.written = {memory.data()}, .read = {range.grad.data() + begin}, .count = count},
                  gradient);
    return std::span(memory).first(count);
  }
};

/// The running mean `beta * mean + (1 - beta) * sample`, in double precision, stored as f32.
void follow(float& mean, double sample, double beta) {
  mean = static_cast<float>(beta * static_cast<double>(mean) + (1 - beta) * sample);
}

float inverse_root(double x) {
  return static_cast<float>(1 / std::sqrt(x));
}

/// How far a step goes along a direction with the given sum of squares.
kernel::MoveFactors move_factors(const Adafactor::Options& options, const UpdateRange& range,
                                 const StepContext& context, const SquareSums& sums) {
  const auto count = static_cast<double>(range.value.size());
  const double value_scale = std::sqrt(sums.value / count);
  const double direction_scale = std::sqrt(sums.direction / count);
  const auto lr = static_cast<double>(context.lr);
  const double relative_step = std::min(lr, 1 / std::sqrt(static_cast<double>(context.step)));
  const double length =
      std::max(static_cast<double>(options.smallest_scale), value_scale) * relative_step /
      std::max(1.0, direction_scale / static_cast<double>(options.clip_threshold));
  const double decay = range.decays ? lr * static_cast<double>(options.weight_decay) : 0.0;
  return {.keep = static_cast<float>(1 - decay), .length = static_cast<float>(length)};
}

/// The direction of a step, computed anew block by block, so that nothing is as long as the
/// parameter.
class Direction {
 public:
  Direction(const UpdateRange& range, const StepContext& context, double beta, float epsilon)
      : range_(range), gradient_(context), beta_(beta), epsilon_(epsilon), matrix_(*range.shape) {}

  /// Brings the second moments up to date. Once, before visit().
  void update_moments() { is_factored(*range_.shape) ? update_factors() : update_square(); }

  /// Calls `use(begin, direction)` for block after block.
  template <class Use>
  void visit(Use use) {
    if (is_factored(*range_.shape)) return visit_rows(use);
    for_each_block(range_.value.size(), [&](std::size_t begin, std::size_t count) {
      block_.gradient(range_, gradient_, begin, count);
      kernel::divide_by_root({.written = {block_.memory.data()},
                              .read = {range_.slots[square].data() + begin},
                              .count = count});
      use(begin, std::span<const float>(block_.memory).first(count));
    });
  }

 private:
  void update_factors();
  void update_square();
  template <class Use>
  void visit_rows(Use use);

  const UpdateRange& range_;
  kernel::Gradient gradient_;
  double beta_;
  float epsilon_;
  Matrix matrix_;
  double row_mean_ = 0;
  std::vector<float> column_roots_ = {};
  Block block_;
};

void Direction::update_factors() {
  const auto [rows, columns] = matrix_;
  std::vector<double> column_sums(columns);
  double row_sum = 0;
  for (std::size_t r = 0; r < rows; ++r) {
    precision::SquareSum sums;
    for_each_block(columns, [&, r](std::size_t begin, std::size_t count) {
      const auto gradient = block_.gradient(range_, gradient_, r * matrix_.columns + begin, count);
      sums.add(gradient);
      kernel::add_squares_to(column_sums.data() + begin, gradient.data(), count);
    });
    float& mean = range_.slots[row][r];
    follow(mean, sums.total() / static_cast<double>(columns) + static_cast<double>(epsilon_),
           beta_);
    row_sum += static_cast<double>(mean);
  }
  row_mean_ = row_sum / static_cast<double>(rows);
  column_roots_.resize(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    float& mean = range_.slots[column][c];
    follow(mean, column_sums[c] / static_cast<double>(rows) + static_cast<double>(epsilon_), beta_);
    column_roots_[c] = inverse_root(static_cast<double>(mean));
  }
}

void Direction::update_square() {
  const kernel::SquareFactors factors{.beta = static_cast<float>(beta_), .epsilon = epsilon_};
  for_each_block(range_.value.size(), [&](std::size_t begin, std::size_t count) {
    const auto gradient = block_.gradient(range_, gradient_, begin, count);
    kernel::update_square({.written = {range_.slots[square].data() + begin},
                           .read = {gradient.data()},
                           .count = count},
                          factors);
  });
}

template <class Use>
void Direction::visit_rows(Use use) {
  for (std::size_t r = 0; r < matrix_.rows; ++r) {
    const float row_root = inverse_root(static_cast<double>(range_.slots[row][r]) / row_mean_);
    for_each_block(matrix_.columns, [&](std::size_t column_begin, std::size_t count) {
      const std::size_t begin = r * matrix_.columns + column_begin;
      block_.gradient(range_, gradient_, begin, count);
      kernel::divide_by_factors({.written = {block_.memory.data()},
                                 .read = {column_roots_.data() + column_begin},
                                 .count = count},
                                row_root);
      use(begin, std::span<const float>(block_.memory).first(count));
    });
  }
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
  const auto step = static_cast<double>(context.step);
  const auto exponent = static_cast<double>(options_.decay_exponent);
  Direction direction(range, context, 1 - std::pow(step, -exponent), options_.epsilon);
  direction.update_moments();

  precision::SquareSum value_sums;
  for_each_block(range.value.size(), [&](std::size_t begin, std::size_t count) {
    value_sums.add(range.value.subspan(begin, count));
  });
  double direction_squares = 0;
  direction.visit([&](std::size_t /*begin*/, std::span<const float> values) {
    precision::SquareSum sums;
    sums.add(values);
    direction_squares += sums.total();
  });

  const kernel::MoveFactors factors =
      move_factors(options_, range, context, {value_sums.total(), direction_squares});
  direction.visit([&](std::size_t begin, std::span<const float> values) {
    kernel::move(
        {.written = {range.value.data() + begin}, .read = {values.data()}, .count = values.size()},
        factors);
    round_block(range, context, begin, values.size());
  });
}

}  // namespace rondo::optim
