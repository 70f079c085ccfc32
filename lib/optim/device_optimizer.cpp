// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/optim/device_optimizer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "base/cuda/cut.hpp"
#include "optim/adam_kind.hpp"
#include "optim/cuda/factored.hpp"
#include "optim/device_checks.hpp"
#include "optim/rule_options.hpp"

namespace rondo::optim {
namespace {

using cuda::UpdateWork;

void queue_adafactor(DeviceStream& stream, const UpdateWork& work, const OptimizerOptions& options,
                     const StepContext& context, const DeviceArena& arena) {
  cuda::adafactor(stream, {.update = work,
                           .factors = arena.factors->memory(),
                           .step = {adafactor_options(options), context}});
}

void queue_sgd(DeviceStream& stream, const UpdateWork& work, const OptimizerOptions& options,
               const StepContext& context, const DeviceArena& /*arena*/) {
  const Sgd::Options own = sgd_options(options);
  const kernel::SgdFactors factors{.gradient = kernel::Gradient(context),
                                   .lr = context.lr,
                                   .momentum = own.momentum,
                                   .decay = own.weight_decay};
  if (own.momentum == 0.0F) return cuda::sgd(stream, work, factors);
  own.nesterov ? cuda::nesterov(stream, work, factors) : cuda::momentum(stream, work, factors);
}

void queue_adam(DeviceStream& stream, const UpdateWork& work, const OptimizerOptions& options,
                const StepContext& context, const DeviceArena& /*arena*/) {
  cuda::adam(stream, work, adam_factors(adam_options(options), {}, context));
}

void queue_adamw(DeviceStream& stream, const UpdateWork& work, const OptimizerOptions& options,
                 const StepContext& context, const DeviceArena& /*arena*/) {
  cuda::adamw(stream, work, adam_factors(adam_options(options), {}, context));
}

void queue_lion(DeviceStream& stream, const UpdateWork& work, const OptimizerOptions& options,
                const StepContext& context, const DeviceArena& /*arena*/) {
  const Lion::Options own = lion_options(options);
  cuda::lion(stream, work,
             {.gradient = kernel::Gradient(context),
              .lr = context.lr,
              .beta1 = own.beta1,
              .beta2 = own.beta2,
              .decay = own.weight_decay});
}

void queue_lamb(DeviceStream& stream, const UpdateWork& work, const OptimizerOptions& options,
                const StepContext& context, const DeviceArena& arena) {
  const kernel::AdamFactors factors = adam_factors(lamb_options(options), {}, context);
  cuda::measure_lamb(stream, work, factors);
  arena.norms->share(stream);
  cuda::sum_norms(stream, work);
  cuda::lamb(stream, work, factors);
}

void queue_lars(DeviceStream& stream, const UpdateWork& work, const OptimizerOptions& options,
                const StepContext& context, const DeviceArena& arena) {
  const Lars::Options own = lars_options(options);
  const kernel::SgdFactors factors{.gradient = kernel::Gradient(context),
                                   .lr = context.lr,
                                   .momentum = own.momentum,
                                   .decay = own.weight_decay};
  const cuda::LarsFactors with_trust{factors, own.trust_coefficient};
  cuda::measure_lars(stream, work, with_trust);
  arena.norms->share(stream);
  cuda::sum_norms(stream, work);
  cuda::lars(stream, work, with_trust);
}

/// In the order of optimizer_names().
constexpr std::array queues{queue_adafactor, queue_adam, queue_adamw, queue_lamb,
                            queue_lars,      queue_lion, queue_sgd};

void require_device_length(std::size_t found, std::size_t expected, std::string_view what) {
  if (found != expected)
    throw UsageError(fmt::format("the GPU's arena has {} {}, expected {}", found, what, expected));
}

/// To as many elements as kernels load at once.
template <class T>
bool is_aligned(const T* memory) {
  return rondo::cuda::is_aligned({memory, sizeof(T)}, 4, 0);
}

}  // namespace

DeviceNorms::DeviceNorms(const Device& device, const precision::DevicePieces& pieces, Share share)
    : by_piece_(device, pieces.size(), "the norms of the arena's pieces"),
      by_parameter_(device, pieces.parameters(), "the parameters' norms"),
      share_(std::move(share)) {}

void DeviceNorms::share(DeviceStream& stream) {
  if (share_) share_(stream, by_piece());
}

void require_valid(const Optimizer& rule, const PieceBounds& bounds, const DeviceArena& arena,
                   const StepContext& context,
                   DeviceSpan<const precision::GradientVerdict> verdict) {
  require(context.step >= 1, "optimizer steps count from 1");
  require(verdict.size() <= 1, "an update takes one verdict or none");
  const std::size_t count = arena.values.size();
  if (count < bounds.elements)
    throw UsageError(fmt::format("the pieces reach to element {}, the GPU's arena has {}",
                                 bounds.elements, count));
  require_device_length(arena.grads.size(), count, "gradients");
  if (!arena.copy.empty()) require_device_length(arena.copy.size(), count, "elements of the copy");
  const auto names = rule.slot_names();
  require_device_length(arena.slots.size(), names.size(), "optimizer slots");
  const bool whole = rule.scope() == Scope::parameter;
  if (whole && arena.factors == nullptr)
    throw UsageError(
        fmt::format("{} needs the factors of matrices: DeviceArena::factors", rule.name()));
  for (std::size_t k = 0; k < names.size(); ++k) {
    const std::size_t needed = whole ? arena.factors->slot_elements()[k] : bounds.held_elements;
    if (arena.slots[k].size() < needed)
      throw UsageError(fmt::format("the pieces reach to element {} of {}, the GPU has {}", needed,
                                   names[k], arena.slots[k].size()));
  }
}

void require_norms(const Optimizer& rule, const precision::DevicePieces& pieces,
                   const DeviceArena& arena) {
  const DeviceNorms* const norms = arena.norms;
  if (rule.scope() == Scope::parameter)
    require(arena.factors->pieces() == pieces.size() &&
                arena.factors->parameters() == pieces.parameters(),
            "the factors are those of other pieces");
  if (rule.scope() != Scope::norms) return;
  if (norms == nullptr)
    throw UsageError(
        fmt::format("{} needs the parameters' norms: DeviceArena::norms", rule.name()));
  require(norms->pieces() == pieces.size() && norms->parameters() == pieces.parameters(),
          "the norms are those of other pieces");
}

DeviceOptimizer::DeviceOptimizer(std::string_view name, const OptimizerOptions& options)
    : options_(options), rule_(make_optimizer(name, options)) {
  require(optimizer_names().size() == queues.size(), "every rule has its kernels");
}

void DeviceOptimizer::update(DeviceStream& stream, const precision::DevicePieces& pieces,
                             const DeviceArena& arena, const StepContext& context,
                             const StatisticUpdate& statistic,
                             DeviceSpan<const precision::GradientVerdict> verdict) const {
  require_valid(*rule_, {pieces.elements(), pieces.held_elements()}, arena, context, verdict);
  require_norms(*rule_, pieces, arena);
  UpdateWork work{.pieces = pieces.span().data(),
                  .piece_count = pieces.size(),
                  .first_pieces = pieces.first_pieces().data(),
                  .parameters = pieces.parameters(),
                  .values = arena.values.data(),
                  .grads = arena.grads.data(),
                  .slots = {},
                  .copy = arena.copy.empty() ? nullptr : arena.copy.data(),
                  .verdict = verdict.empty() ? nullptr : verdict.data(),
                  .piece_norms = nullptr,
                  .norms = nullptr,
                  .statistic = statistic,
                  .at_random = context.rounding_seed.has_value(),
                  .seed = context.rounding_seed.value_or(0),
                  .step = context.step};
  std::ranges::transform(arena.slots, work.slots.begin(), &DeviceSpan<float>::data);
  if (arena.norms != nullptr) {
    work.piece_norms = arena.norms->by_piece().data();
    work.norms = arena.norms->by_parameter().data();
  }
  work.aligned = is_aligned(work.values) && is_aligned(work.grads) && is_aligned(work.copy) &&
                 std::ranges::all_of(work.slots, is_aligned<float>);
  const auto names = optimizer_names();
  queues[static_cast<std::size_t>(std::ranges::find(names, rule_->name()) - names.begin())](
      stream, work, options_, context, arena);
}

}  // namespace rondo::optim
