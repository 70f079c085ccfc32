// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/train/session.hpp"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rondo/base/error.hpp"
#include "rondo/base/hash.hpp"
#include "rondo/precision/casts.hpp"

namespace rondo::train {
namespace {

/// One number that differs where names, shapes, roles or their order differ.
std::int64_t fingerprint(std::span<const ParameterSpec> specs) {
  std::uint64_t hash = 0;
  for (const auto& spec : specs)
    hash = content_hash(fmt::format("{} {} {}", spec.name, spec.shape, static_cast<int>(spec.role)),
                        hash);
  return static_cast<std::int64_t>(hash >> 1);
}

precision::LossScaler make_scaler(Precision precision) {
  return precision == Precision::f16 ? precision::LossScaler() : precision::LossScaler::fixed(1.0F);
}

}  // namespace

Session::Session(comm::Communicator& comm, std::span<const ParameterSpec> parameters,
                 std::unique_ptr<optim::Optimizer> optimizer, Options options)
    : comm_(comm),
      options_(options),
      optimizer_(std::move(optimizer)),
      arena_({parameters.begin(), parameters.end()},
             {.bucket_bytes = options.bucket_bytes, .slots = optimizer_->slot_names().size()},
             comm),
      views_(arena_.views()),
      sum_(arena_, comm, options.lanes, options.reduction),
      scaler_(make_scaler(options.precision)) {
  check_same_parameters();
}

void Session::check_same_parameters() {
  const std::int64_t mine = fingerprint(arena_.specs());
  std::array<std::int64_t, 2> extremes{mine, -mine};
  comm::allreduce(comm_, std::span<std::int64_t>(extremes), comm::ReduceOp::min);
  if (extremes[0] == -extremes[1]) return;
  throw CommError(
      "the ranks registered different parameters (name, shape, role or order): build "
      "the same model on every rank",
      ExitCode::internal);
}

void Session::synchronize() {
  comm::broadcast(comm_, arena_.values(), 0);
  for (std::size_t k = 0; k < arena_.slots(); ++k)
    comm::broadcast(comm_, arena_.slot(k), 0);
}

StepResult Session::step(float lr, bool stop_wanted) {
  const grad::StepSums sums = sum_.finish(stop_wanted);
  StepResult result{.weight = sums.weight, .stop = sums.stop};
  if (sums.weight > 0) {
    result.loss = sums.loss / sums.weight;
    result.accuracy = sums.correct / sums.weight;
  }
  // Every rank reads the same reduced bits, so every rank comes to the same verdict.
  const bool finite = precision::all_finite(arena_.grads());
  if (!finite && options_.precision != Precision::f16) throw NumericError(first_non_finite());
  const float scale = scaler_.scale();
  result.applied = sums.weight > 0 && scaler_.update(!finite);
  if (result.applied) apply(lr, sums.weight, scale);
  return result;
}

void Session::apply(float lr, double weight, float scale) {
  ++applied_steps_;
  const auto weight_inverse = static_cast<float>(1.0 / weight);
  const optim::StepContext context{
      .step = applied_steps_,
      .lr = lr,
      .grad_scale = static_cast<float>(1.0 / (weight * static_cast<double>(scale)))};
  std::vector<std::span<float>> slots(arena_.slots());
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const auto& [name, shape, role] = arena_.specs()[i];
    if (role == ParameterRole::statistic) {
      update_statistic(i, weight_inverse);
      continue;
    }
    for (std::size_t k = 0; k < slots.size(); ++k)
      slots[k] = arena_.slot(k, i).first(element_count(optimizer_->slot_shape(k, shape)));
    optim::UpdateRange range{.value = views_[i].value,
                             .grad = views_[i].grad,
                             .slots = slots,
                             .shape = &shape,
                             .decays = role == ParameterRole::weight};
    if (optimizer_->scope() == optim::Scope::norms)
      range.sums = optimizer_->measure(range, context);
    optimizer_->update(range, context);
  }
}

void Session::update_statistic(std::size_t parameter, float weight_inverse) {
  const auto [value, grad] = views_[parameter];
  const float momentum = options_.statistic_momentum;
  for (std::size_t i = 0; i < value.size(); ++i)
    value[i] = (1.0F - momentum) * value[i] + momentum * (grad[i] * weight_inverse);
}

std::string Session::first_non_finite() {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    for (std::size_t j = 0; j < views_[i].grad.size(); ++j) {
      if (std::isfinite(views_[i].grad[j])) continue;
      return fmt::format(
          "the gradient sum of '{}' is {} at element {} after {} steps: nothing was updated. Lower "
          "the learning rate, or look for non-finite input",
          arena_.specs()[i].name, views_[i].grad[j], j, applied_steps_);
    }
  }
  return fmt::format("the loss is not finite after {} steps: nothing was updated", applied_steps_);
}

void Session::restore(const Counters& counters) {
  applied_steps_ = counters.applied_steps;
  scaler_.restore(counters.scaler);
}

}  // namespace rondo::train
