// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/float16.hpp"
#include "rondo/comm/lane_tree.hpp"
#include "rondo/grad/layout.hpp"
#include "rondo/train/session.hpp"

#include "train/optimizer_state.hpp"

namespace rondo::train {
namespace {

std::size_t partial_sums(const Session::Options& options, int rank, int ranks) {
  if (options.reduction == grad::Reduction::fast) return 0;
  const comm::LaneRange own = comm::lane_range(rank, ranks, options.lanes);
  return comm::most_partials({own.begin, own.end - 1}, options.lanes);
}

std::size_t compression_bytes(const Session::Options& options, const grad::Layout& layout) {
  if (options.compression == "none") return 0;
  const auto compressor = grad::make_compressor(options.compression, options.compression_options,
                                                grad::placed_parameters(layout));
  std::size_t bytes = 0;
  for (const grad::StateTensor& tensor : compressor->state())
    bytes += tensor.values.size_bytes();
  return bytes;
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

}  // namespace rondo::train
