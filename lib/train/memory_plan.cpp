// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <numeric>
#include <vector>

#include "rondo/base/float16.hpp"
#include "rondo/comm/lane_tree.hpp"
#include "rondo/grad/layout.hpp"
#include "rondo/optim/device_factors.hpp"
#include "rondo/train/session.hpp"
#include "rondo/train/session_saver.hpp"

#include "train/load_plan.hpp"
#include "train/optimizer_state.hpp"
#include "train/several_writers.hpp"

namespace rondo::train {
namespace {

std::size_t partial_sums(const Session::Options& options, int rank, int ranks) {
  if (options.reduction == grad::Reduction::fast) return 0;
  const comm::LaneRange own = comm::lane_range(rank, ranks, options.lanes);
  return comm::most_partials({own.begin, own.end - 1}, options.lanes);
}

/// Elements of tensors.
struct Saved {
  std::vector<std::size_t> alike;  ///< of each that all ranks have alike, or in shards
  std::size_t of_each_rank = 0;    ///< of all that each has for itself

  std::size_t all_alike() const {
    return std::accumulate(alike.begin(), alike.end(), std::size_t{0});
  }
};

/// Appends what a compressor remembers.
void add_remembered(Saved& saved, const Session::Options& options, const grad::Layout& layout) {
  if (options.compression == "none") return;
  const auto compressor = grad::make_compressor(options.compression, options.compression_options,
                                                grad::placed_parameters(layout));
  for (const grad::StateTensor& tensor : compressor->state())
    if (tensor.kind == grad::StateKind::shared)
      saved.alike.push_back(tensor.values.size());
    else
      saved.of_each_rank += tensor.values.size();
}

std::size_t compression_bytes(const Session::Options& options, const grad::Layout& layout) {
  Saved saved;
  add_remembered(saved, options, layout);
  return (saved.all_alike() + saved.of_each_rank) * sizeof(float);
}

/// Of the tensors in a checkpoint, in its order.
Saved saved_elements(const grad::Layout& layout, const optim::Optimizer& optimizer,
                     const Session::Options& options) {
  Saved saved;
  for (const ParameterSpec& spec : layout.specs()) {
    saved.alike.push_back(element_count(spec.shape));
    if (spec.role == ParameterRole::statistic) continue;
    for (std::size_t k = 0; k < optimizer.slot_names().size(); ++k)
      saved.alike.push_back(element_count(optimizer.slot_shape(k, spec.shape)));
  }
  add_remembered(saved, options, layout);
  return saved;
}

std::size_t own_share(const Saved& saved, int rank, int ranks) {
  const LoadPlan plan = shares_of_writers(saved.alike, ranks);
  std::size_t elements = saved.of_each_rank;
  for (std::size_t piece = 0; piece < plan.pieces(); ++piece)
    for (const Segment& segment : plan.share(piece, rank))
      elements += segment.count;
  return elements;
}

}  // namespace

MemoryPlan plan_memory(std::span<const ParameterSpec> parameters, const optim::Optimizer& optimizer,
                       const Session::Options& options, int rank, int ranks) {
  // The size of buckets moves no boundary of the arena.
  const grad::Layout layout({parameters.begin(), parameters.end()}, {.ranks = ranks});
  const bool sharded = options.sharding != grad::Sharding::none && ranks > 1;
  const std::size_t whole = layout.elements() * sizeof(float);
  MemoryPlan plan;
  plan.in_step = {.values = whole,
                  .copy = options.precision.has_copy() ? layout.elements() * sizeof(bfloat16) : 0,
                  .gradients = whole,
                  .shards = sharded ? layout.shard_elements() * sizeof(float) : 0,
                  .slots = OptimizerState::planned_bytes(layout, optimizer, sharded),
                  .partial_sums = partial_sums(options, rank, ranks) * whole,
                  .compression = compression_bytes(options, layout)};
  plan.between_steps = plan.in_step;
  if (sharded && options.sharding == grad::Sharding::zero2) plan.between_steps.gradients = 0;
  return plan;
}

MemoryPlan plan_device_memory(std::span<const ParameterSpec> parameters,
                              const optim::Optimizer& optimizer, const Session::Options& options,
                              int rank, int ranks) {
  MemoryPlan plan = plan_memory(parameters, optimizer, options, rank, ranks);
  Memory& memory = plan.in_step;
  memory.shards = 0;  // stay among the gradients
  memory.device = memory.total() - memory.compression +
                  optim::DeviceFactors::planned_bytes(optimizer, parameters) +
                  grad::planned_device_bytes(
                      options.compression, options.compression_options,
                      {{parameters.begin(), parameters.end()},
                       {.bucket_bytes = options.bucket_bytes.value_or(grad::default_bucket_bytes),
                        .ranks = ranks}});
  memory.gradients = memory.partial_sums = 0;
  plan.between_steps = plan.in_step;
  return plan;
}

std::size_t SessionSaver::planned_copy(std::span<const ParameterSpec> parameters,
                                       const optim::Optimizer& optimizer,
                                       const Session::Options& options, SaveWriters writers,
                                       int rank, int ranks) {
  const grad::Layout layout({parameters.begin(), parameters.end()}, {.ranks = ranks});
  const Saved saved = saved_elements(layout, optimizer, options);
  const auto count = static_cast<std::size_t>(ranks);
  const bool sharded = options.sharding != grad::Sharding::none;
  const bool spread = sharded || options.compression != "none";
  if (writers == SaveWriters::all ||
      (writers == SaveWriters::automatic && (spread || is_much(saved.all_alike(), ranks))))
    return sizeof(float) * (sharded ? saved.all_alike() / count : own_share(saved, rank, ranks));
  return rank == 0 ? sizeof(float) * (saved.all_alike() + saved.of_each_rank * count) : 0;
}

}  // namespace rondo::train
