// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/power_sgd.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/base/philox.hpp"
#include "rondo/precision/casts.hpp"

#include "grad/compression/buffer_pool.hpp"
#include "grad/compression/exact_sum.hpp"
#include "grad/compression/low_rank.hpp"
#include "grad/compression/residual.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {
namespace {

/// A parameter as a matrix, with the factor that it starts the next step from.
struct Factored {
  PlacedParameter parameter;
  std::size_t rows;
  std::size_t columns;
  std::size_t rank;
  Philox random;
  AlignedBuffer<float> warm;  // (rank, columns)

  Factored(PlacedParameter placed, std::size_t wanted_rank, std::uint64_t seed)
      : parameter(std::move(placed)),
        rows(parameter.spec.shape[0]),
        columns(element_count(parameter.spec.shape) / rows),
        rank(std::min({wanted_rank, rows, columns})),
        random(seed ^ content_hash(parameter.spec.name), RandomPurpose::compress),
        warm(rank * columns) {
    for (std::size_t k = 0; k < rank; ++k)
      draw(k);
  }

  std::size_t begin() const { return parameter.begin; }
  std::size_t end() const { return begin() + rows * columns; }
  Matrix warm_factor() { return {warm.span(), rank, columns}; }

  /// Row k anew, uniform in [-1, 1).
  void draw(std::size_t k) {
    const auto row = warm_factor().row(k);
    for (std::size_t j = 0; j < columns; ++j) {
      const std::size_t index = k * columns + j;
      row[j] = 2 * Philox::uniform(random.block(index / 4)[index % 4]) - 1;
    }
  }

  /// Keeps the rows of `q`, each of length 1, so that they neither grow nor vanish over the steps.
  void keep(Matrix q) {
    for (std::size_t k = 0; k < rank; ++k) {
      const double length = length_of(q.row(k));
      if (length > 0)
        std::ranges::transform(q.row(k), warm_factor().row(k).begin(), [length](float value) {
          return static_cast<float>(value / length);
        });
      else
        draw(k);
    }
  }
};

bool is_worth_factoring(const PlacedParameter& parameter, std::size_t rank) {
  const auto& [spec, begin] = parameter;
  if (spec.role != ParameterRole::weight || spec.shape.size() < 2) return false;
  const std::size_t rows = spec.shape[0];
  const std::size_t columns = element_count(spec.shape) / rows;
  return 2 * std::min({rank, rows, columns}) * (rows + columns) <= rows * columns;
}

/// One matrix on its way.
struct Travelling {
  Factored& factored;
  Matrix gradient;
  Matrix p;  // in memory that all matrices of the range share, as q
  Matrix q;
};

class PowerSum final : public PendingSum {
 public:
  PowerSum(comm::Communicator& comm, std::span<float> gradients, Residual& residual,
           std::vector<Factored*> matrices, Runs exact, BufferPool& pool);
  void advance() override;
  void finish() override;

 private:
  void lay_out(std::span<float> gradients, std::span<Factored* const> matrices, BufferPool& pool);
  void correct(Travelling& matrix);
  std::unique_ptr<comm::Work> sum(std::span<float> factors, std::string_view name);

  comm::Communicator& comm_;
  Residual& residual_;
  BufferPool::Buffer<float> p_;
  BufferPool::Buffer<float> q_;
  std::vector<Travelling> matrices_;
  ExactSum exact_;
  std::unique_ptr<comm::Work> p_sum_;
  std::unique_ptr<comm::Work> q_sum_;
};

PowerSum::PowerSum(comm::Communicator& comm, std::span<float> gradients, Residual& residual,
                   std::vector<Factored*> matrices, Runs exact, BufferPool& pool)
    : comm_(comm), residual_(residual), exact_(comm, gradients, std::move(exact), pool) {
  lay_out(gradients, matrices, pool);
  if (matrices_.empty()) return;
  for (auto& [factored, gradient, p, q] : matrices_) {
    const auto kept = residual_.part(factored.begin(), gradient.values.size());
    std::ranges::transform(gradient.values, kept, gradient.values.begin(), std::plus<>());
    multiply_rows(gradient, factored.warm_factor(), p);
  }
  p_sum_ = sum(p_.span(), "first factors");
}

void PowerSum::lay_out(std::span<float> gradients, std::span<Factored* const> matrices,
                       BufferPool& pool) {
  std::size_t p_count = 0;
  std::size_t q_count = 0;
  for (const Factored* factored : matrices) {
    p_count += factored->rank * factored->rows;
    q_count += factored->rank * factored->columns;
  }
  p_ = {pool, p_count};
  q_ = {pool, q_count};
  auto p_left = p_.span();
  auto q_left = q_.span();
  for (Factored* factored : matrices) {
    const std::size_t p_length = factored->rank * factored->rows;
    const std::size_t q_length = factored->rank * factored->columns;
    matrices_.push_back({*factored,
                         {gradients.subspan(factored->begin(), factored->rows * factored->columns),
                          factored->rows, factored->columns},
                         {p_left.first(p_length), factored->rank, factored->rows},
                         {q_left.first(q_length), factored->rank, factored->columns}});
    p_left = p_left.subspan(p_length);
    q_left = q_left.subspan(q_length);
  }
}

std::unique_ptr<comm::Work> PowerSum::sum(std::span<float> factors, std::string_view name) {
  return comm_.allreduce(std::as_writable_bytes(factors), DType::f32, comm::ReduceOp::sum,
                         {.name = name});
}

void PowerSum::advance() {
  if (!p_sum_) return;
  comm::wait(comm_, *p_sum_);
  p_sum_.reset();
  for (Travelling& matrix : matrices_)
    correct(matrix);
  q_sum_ = sum(q_.span(), "second factors");
}

/// This rank's second factor, and what both together leave of its gradient.
void PowerSum::correct(Travelling& matrix) {
  auto& [factored, gradient, p, q] = matrix;
  if (!precision::all_finite(p.values)) {
    // The same on all ranks; finish() passes it on. The residual stays.
    std::ranges::fill(p.values, std::numeric_limits<float>::quiet_NaN());
    std::ranges::fill(q.values, 0.0F);
    return;
  }
  orthonormalize(p);
  multiply_columns(gradient, p, q);
  if (!precision::all_finite(q.values)) return;
  const auto kept = residual_.part(factored.begin(), gradient.values.size());
  subtract_factors(gradient, p, q, {kept, gradient.rows, gradient.columns});
}

void PowerSum::finish() {
  advance();
  exact_.finish();
  if (!q_sum_) return;
  comm::wait(comm_, *q_sum_);
  for (auto& [factored, gradient, p, q] : matrices_) {
    multiply_factors(p, q, gradient);
    if (precision::all_finite(p.values) && precision::all_finite(q.values)) factored.keep(q);
  }
}

class PowerSgd final : public Compressor {
 public:
  PowerSgd(std::span<const PlacedParameter> parameters, std::size_t rank, std::uint64_t seed)
      : PowerSgd(factored_of(parameters, rank), rank, seed) {}

  std::unique_ptr<PendingSum> start(comm::Communicator& comm, std::span<float> gradients,
                                    ElementRange range) override {
    std::vector<Factored*> ending;
    for (auto& matrix : matrices_) {
      if (range.begin < matrix.end() && matrix.end() <= range.end) ending.push_back(&matrix);
    }
    return std::make_unique<PowerSum>(comm, gradients, residual_, std::move(ending),
                                      compressed_.outside(range), pool_);
  }

  std::vector<StateTensor> state() override {
    auto tensors = residual_.state();
    for (auto& matrix : matrices_)
      tensors.push_back({.name = "factor/" + matrix.parameter.spec.name,
                         .shape = {matrix.rank, matrix.columns},
                         .values = matrix.warm.span(),
                         .kind = StateKind::shared});
    return tensors;
  }

 private:
  PowerSgd(const std::vector<PlacedParameter>& factored, std::size_t rank, std::uint64_t seed)
      : compressed_(lossy_runs(factored)), residual_(factored) {
    for (const auto& parameter : factored)
      matrices_.emplace_back(parameter, rank, seed);
  }

  static std::vector<PlacedParameter> factored_of(std::span<const PlacedParameter> parameters,
                                                  std::size_t rank) {
    std::vector<PlacedParameter> factored;
    std::ranges::copy_if(
        parameters, std::back_inserter(factored),
        [rank](const PlacedParameter& parameter) { return is_worth_factoring(parameter, rank); });
    return factored;
  }

  Runs compressed_;
  Residual residual_;
  std::vector<Factored> matrices_;
  BufferPool pool_;
};

}  // namespace

std::unique_ptr<Compressor> make_power_sgd(std::span<const PlacedParameter> parameters,
                                           std::size_t rank, std::uint64_t seed) {
  return std::make_unique<PowerSgd>(parameters, rank, seed);
}

}  // namespace rondo::grad
