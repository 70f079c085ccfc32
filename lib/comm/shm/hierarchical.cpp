// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/hierarchical.hpp"

#include <vector>

#include "comm/algorithms/catalogue.hpp"
#include "comm/algorithms/group_transport.hpp"
#include "comm/shm/memory_steps.hpp"
#include "comm/shm/shared_collectives.hpp"
#include "comm/shm/slices.hpp"

namespace rondo::comm {
namespace {

/// One call, once the node's ranks have posted it.
class Hierarchy {
 public:
  Hierarchy(const NodeMap& node, NodeSteps& steps, Channel& channel, const Call& call,
            BetweenNodes between)
      : node_(node),
        channel_(channel),
        call_(call),
        between_(between),
        steps_(steps),
        group_(channel.transport(), node.counterparts(), node.number()),
        counterparts_(channel.over(group_)) {}

  Task allreduce();
  Task reduce_scatter();
  Task allgather();
  Task broadcast();

 private:
  /// Which bytes each rank of the node carries: nothing beyond the smallest node's size.
  std::vector<Cut> slices() const;
  /// By rank of this node, the block of its counterpart on node `number`.
  std::vector<Cut> blocks_of(int number, std::size_t block_bytes) const;

  algorithms::Reduction reduction() const {
    return {call_.dtype, call_.op == ReduceOp::avg ? ReduceOp::sum : call_.op, call_.options.wire};
  }
  void divide_sum(std::span<std::byte> sum) {
    if (call_.op == ReduceOp::avg) channel_.arithmetic().divide(call_.dtype, sum, channel_.size());
  }

  const NodeMap& node_;
  Channel& channel_;
  const Call& call_;
  BetweenNodes between_;
  NodeSteps& steps_;
  GroupTransport group_;
  Channel counterparts_;
};

std::vector<Cut> Hierarchy::slices() const {
  const std::size_t bytes = call_.output.size();
  std::vector<Cut> slices;
  slices.reserve(static_cast<std::size_t>(node_.size()));
  for (int local = 0; local < node_.size(); ++local)
    slices.push_back(local < node_.carriers() ? slice_of(bytes, local, node_.carriers())
                                              : Cut{bytes, bytes});
  return slices;
}

std::vector<Cut> Hierarchy::blocks_of(int number, std::size_t block_bytes) const {
  std::vector<Cut> blocks;
  blocks.reserve(static_cast<std::size_t>(node_.size()));
  for (int local = 0; local < node_.size(); ++local) {
    const auto rank = static_cast<std::size_t>(node_.global_rank(number, local));
    blocks.push_back({rank * block_bytes, (rank + 1) * block_bytes});
  }
  return blocks;
}

Task Hierarchy::allreduce() {
  const auto all = slices();
  const Cut slice = all[static_cast<std::size_t>(node_.rank())];
  const auto own = call_.output.subspan(slice.begin, slice.end - slice.begin);
  co_await steps_.reduce(all, own);
  if (!own.empty()) {
    co_await algorithms::allreduce(counterparts_, between_.algorithm, own, reduction(),
                                   between_.segmentation);
    divide_sum(own);
  }
  co_await steps_.spread(all, own);
  co_await steps_.finish();
}

Task Hierarchy::reduce_scatter() {
  const std::size_t block_bytes = call_.output.size();
  Scratch memory = channel_.scratch(block_bytes * node_.counterparts().size());
  const auto sums = memory.bytes();
  for (int number = 0; number < counterparts_.size(); ++number)
    co_await steps_.reduce(
        blocks_of(number, block_bytes),
        sums.subspan(static_cast<std::size_t>(number) * block_bytes, block_bytes));
  co_await algorithms::reduce_scatter(counterparts_, between_.algorithm, sums, call_.output,
                                      reduction(), between_.segmentation);
  divide_sum(call_.output);
  co_await steps_.finish();
}

Task Hierarchy::allgather() {
  const std::size_t block_bytes = call_.input.size();
  Scratch memory = channel_.scratch(block_bytes * node_.counterparts().size());
  const Blocks gathered(memory.bytes(), 1, counterparts_.size());
  channel_.arithmetic().copy(call_.input, gathered[node_.number()]);
  co_await algorithms::allgather(counterparts_, between_.algorithm, gathered,
                                 between_.segmentation);
  for (int number = 0; number < counterparts_.size(); ++number)
    co_await steps_.spread(blocks_of(number, block_bytes), gathered[number]);
  co_await steps_.finish();
}

Task Hierarchy::broadcast() {
  const int root_number = channel_.nodes()[static_cast<std::size_t>(call_.root)];
  const bool has_root = root_number == node_.number();
  if (has_root) co_await steps_.broadcast(node_.local_rank(call_.root));
  const auto all = slices();
  const Cut slice = all[static_cast<std::size_t>(node_.rank())];
  const auto own = call_.output.subspan(slice.begin, slice.end - slice.begin);
  if (!own.empty())
    co_await algorithms::broadcast(counterparts_, between_.algorithm, own, root_number,
                                   between_.segmentation);
  if (!has_root) co_await steps_.spread(all, own);
  co_await steps_.finish();
}

}  // namespace

Task hierarchical(const NodeMap& map, NodeSteps& steps, Channel& channel, Call call,
                  BetweenNodes between) {
  Hierarchy hierarchy(map, steps, channel, call, between);
  switch (call.collective) {
    case Collective::allreduce: co_await hierarchy.allreduce(); break;
    case Collective::reduce_scatter: co_await hierarchy.reduce_scatter(); break;
    case Collective::allgather: co_await hierarchy.allgather(); break;
    case Collective::broadcast: co_await hierarchy.broadcast(); break;
    case Collective::barrier:
    case Collective::allreduce_lanes:
    case Collective::reduce_scatter_lanes:
    case Collective::all_to_all: break;
  }
}

Task hierarchical(Node& node, Channel& channel, Call call, Signature signature,
                  BetweenNodes between) {
  co_await enter_round(node, channel.runner(), call, signature);
  MemorySteps steps(node, channel.runner(), call);
  co_await hierarchical(node, steps, channel, call, between);
}

}  // namespace rondo::comm
