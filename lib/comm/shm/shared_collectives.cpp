// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/shared_collectives.hpp"

#include <algorithm>
#include <vector>

#include "comm/shm/direct.hpp"
#include "comm/shm/one_shot.hpp"
#include "comm/shm/staged.hpp"

namespace rondo::comm {
namespace {

std::vector<Cut> equal_blocks(int count, std::size_t bytes) {
  std::vector<Cut> blocks;
  for (std::size_t k = 0; k < static_cast<std::size_t>(count); ++k)
    blocks.push_back({k * bytes, (k + 1) * bytes});
  return blocks;
}

/// Whole cache lines, hence whole elements, that fit into a slot.
std::size_t chunk_bytes_of(const SharedMemoryTuning& tuning) {
  const std::size_t whole = tuning.staging_chunk_bytes / cache_line_bytes * cache_line_bytes;
  return std::clamp(whole, Board::least_chunk_bytes, Board::slot_bytes);
}

Task staged(Node& node, Runner& runner, Call call, SharedMemoryTuning tuning) {
  StagedOptions options{.dtype = call.dtype,
                        .op = call.op,
                        .divisor = call.op == ReduceOp::avg ? node.size() : 1,
                        .chunk_bytes = chunk_bytes_of(tuning)};
  if (std::max(call.input.size(), call.output.size()) >= tuning.streaming_bytes)
    options.stores = Stores::streaming;
  switch (call.collective) {
    case Collective::allreduce:
      co_await staged_allreduce(node, runner, call.input, call.output, options);
      break;
    case Collective::reduce_scatter:
      co_await staged_reduce_blocks(node, runner, call.input,
                                    equal_blocks(node.size(), call.output.size()), call.output,
                                    options);
      break;
    case Collective::allgather:
      co_await staged_gather_blocks(node, runner, call.input,
                                    equal_blocks(node.size(), call.input.size()), call.output,
                                    options);
      break;
    case Collective::broadcast:
      co_await staged_broadcast(node, runner, call.output, call.root, options);
      break;
    case Collective::barrier:
    case Collective::allreduce_lanes:
    case Collective::reduce_scatter_lanes:
    case Collective::all_to_all: break;
  }
}

}  // namespace

Task enter_round(Node& node, Runner& runner, Call call, Signature signature) {
  node.publish(call, signature, {});
  for (int local = 0; local < node.size(); ++local)
    co_await node.posted(runner, local);
  node.compare_posts(signature);
}

Task run_shared(Node& node, Runner& runner, Call call, Signature signature,
                SharedMemoryTuning tuning) {
  if (is_one_shot(call, tuning.one_shot_bytes)) {
    co_await one_shot(node, runner, call, signature);
    co_return;
  }
  co_await enter_round(node, runner, call, signature);
  if (is_direct(node, call))
    co_await direct(node, runner, call, tuning.streaming_bytes);
  else
    co_await staged(node, runner, call, tuning);
}

}  // namespace rondo::comm
