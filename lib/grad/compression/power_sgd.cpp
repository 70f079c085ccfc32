// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/power_sgd.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/precision/casts.hpp"

#include "grad/compression/buffer_pool.hpp"
#include "grad/compression/elements.hpp"
#include "grad/compression/exact_sum.hpp"
#include "grad/compression/low_rank.hpp"
#include "grad/compression/residual.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {
namespace {

/// A matrix with the factor that it starts the next step from.
struct Factored {
  FactoredMatrix matrix;
  std::string name;
  AlignedBuffer<float> warm;  // (rank, columns)

  Factored(const FactoredMatrix& of, std::string called)
      : matrix(of), name(std::move(called)), warm(of.rank * of.columns) {
    for (std::size_t k = 0; k < of.rank; ++k)
      draw(k);
  }

  Matrix warm_factor() { return {warm.span(), matrix.rank, matrix.columns}; }

  /// Row k anew.
  void draw(std::size_t k) {
    const auto row = warm_factor().row(k);
    for (std::size_t j = 0; j < row.size(); ++j)
      row[j] = element::fresh_factor(matrix.random, k * row.size() + j);
  }

  /// Keeps the rows of `q`, each of length 1, so that they neither grow nor vanish over the steps.
  void keep(Matrix q) {
    for (std::size_t k = 0; k < matrix.rank; ++k) {
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
    const auto kept = residual_.part(factored.matrix.begin, gradient.values.size());
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
    p_count += factored->matrix.rank * factored->matrix.rows;
    q_count += factored->matrix.rank * factored->matrix.columns;
  }
  p_ = {pool, p_count};
  q_ = {pool, q_count};
  auto p_left = p_.span();
  auto q_left = q_.span();
  for (Factored* factored : matrices) {
    const auto& [begin, rows, columns, rank, random] = factored->matrix;
    const std::size_t p_length = rank * rows;
    const std::size_t q_length = rank * columns;
    matrices_.push_back({*factored,
                         {gradients.subspan(begin, rows * columns), rows, columns},
                         {p_left.first(p_length), rank, rows},
                         {q_left.first(q_length), rank, columns}});
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
  const auto kept = residual_.part(factored.matrix.begin, gradient.values.size());
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
      : PowerSgd(factored_parameters(parameters, rank), rank, seed) {}

  std::unique_ptr<PendingSum> start(comm::Communicator& comm, std::span<float> gradients,
                                    ElementRange range) override {
    std::vector<Factored*> ending;
    for (Factored& factored : matrices_) {
      const std::size_t end = factored.matrix.end();
      if (range.begin < end && end <= range.end) ending.push_back(&factored);
    }
    return std::make_unique<PowerSum>(comm, gradients, residual_, std::move(ending),
                                      compressed_.outside(range), pool_);
  }

  std::vector<StateTensor> state() override {
    auto tensors = residual_.state();
    for (Factored& factored : matrices_)
      tensors.push_back({.name = "factor/" + factored.name,
                         .shape = {factored.matrix.rank, factored.matrix.columns},
                         .values = factored.warm.span(),
                         .kind = StateKind::shared});
    return tensors;
  }

 private:
  PowerSgd(const std::vector<PlacedParameter>& factored, std::size_t rank, std::uint64_t seed)
      : compressed_(lossy_runs(factored)), residual_(factored) {
    const std::vector<FactoredMatrix> matrices = factored_matrices(factored, rank, seed);
    for (std::size_t i = 0; i < matrices.size(); ++i)
      matrices_.emplace_back(matrices[i], factored[i].spec.name);
  }

  Runs compressed_;
  Residual residual_;
  std::vector<Factored> matrices_;
  BufferPool pool_;
};

}  // namespace

std::vector<PlacedParameter> factored_parameters(std::span<const PlacedParameter> parameters,
                                                 std::size_t rank) {
  std::vector<PlacedParameter> factored;
  std::ranges::copy_if(
      parameters, std::back_inserter(factored),
      [rank](const PlacedParameter& parameter) { return is_worth_factoring(parameter, rank); });
  return factored;
}

std::vector<FactoredMatrix> factored_matrices(std::span<const PlacedParameter> factored,
                                              std::size_t rank, std::uint64_t seed) {
  std::vector<FactoredMatrix> matrices;
  for (const auto& [spec, begin] : factored) {
    const std::size_t rows = spec.shape[0];
    const std::size_t columns = element_count(spec.shape) / rows;
    matrices.push_back({.begin = begin,
                        .rows = rows,
                        .columns = columns,
                        .rank = std::min({rank, rows, columns}),
                        .random = {seed ^ content_hash(spec.name), RandomPurpose::compress}});
  }
  return matrices;
}

std::unique_ptr<Compressor> make_power_sgd(std::span<const PlacedParameter> parameters,
                                           std::size_t rank, std::uint64_t seed) {
  return std::make_unique<PowerSgd>(parameters, rank, seed);
}

}  // namespace rondo::grad
