// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/hierarchical.hpp"

#include <algorithm>
#include <vector>

#include "comm/algorithms/catalogue.hpp"
#include "comm/algorithms/group_transport.hpp"
#include "comm/kernels/reduce.hpp"
#include "comm/shm/direct.hpp"
#include "comm/shm/shared_collectives.hpp"
#include "comm/shm/slices.hpp"
#include "comm/shm/staged.hpp"

namespace rondo::comm {
namespace {

/// Which bytes each rank of the node carries: nothing beyond the smallest node's size.
std::vector<Cut> slices_of(const Node& node, std::size_t bytes) {
  std::vector<Cut> slices;
  for (int local = 0; local < node.size(); ++local)
    slices.push_back(local < node.carriers() ? slice_of(bytes, local, node.carriers())
                                             : Cut{bytes, bytes});
  return slices;
}

/// Reduces this rank's slice of all inputs of the node into its own output.
Task reduce_on_node(Node& node, Runner& runner, Call call, std::vector<Cut> slices, bool direct) {
  const Cut slice = slices[static_cast<std::size_t>(node.rank())];
  const auto output = call.output.subspan(slice.begin, slice.end - slice.begin);
  if (!direct) {
    co_await staged_reduce_blocks(node, runner, call.input, slices, output,
                                  {.dtype = call.dtype, .op = call.op});
    co_return;
  }
  for (int local = 0; local < node.size(); ++local)
    node.inputs()[static_cast<std::size_t>(local)] =
        node.address(local, node.post(local).input) + slice.begin;
  std::byte* const to = output.data();
  reduce_all(call.dtype, call.op, 1, node.inputs(), std::span(&to, 1), output.size(),
             Stores::cached);
}

/// Copies this rank's slice of its output into all others of the node.
Task spread_on_node(Node& node, Runner& runner, Call call, std::vector<Cut> slices, bool direct) {
  const Cut slice = slices[static_cast<std::size_t>(node.rank())];
  const auto own = call.output.subspan(slice.begin, slice.end - slice.begin);
  if (!direct) {
    co_await staged_gather_blocks(node, runner, own, slices, call.output, {});
    co_return;
  }
  for (int local = 0; local < node.size(); ++local) {
    if (local == node.rank()) continue;
    copy_bytes(own, {node.address(local, node.post(local).output) + slice.begin, own.size()},
               Stores::cached);
  }
  co_await finish_round(node, runner);
}

}  // namespace

Task hierarchical_allreduce(Node& node, Channel& channel, Call call, Signature signature,
                            Algorithm between, Segmentation segmentation) {
  co_await enter_round(node, channel.runner(), call, signature);
  const bool direct = is_direct(node, call);
  node.require_all();
  const std::vector<Cut> slices = slices_of(node, call.output.size());
  co_await reduce_on_node(node, channel.runner(), call, slices, direct);

  const Cut slice = slices[static_cast<std::size_t>(node.rank())];
  if (slice.begin < slice.end) {
    const auto own = call.output.subspan(slice.begin, slice.end - slice.begin);
    GroupTransport group(channel.transport(), node.counterparts(), node.number());
    Channel group_channel = channel.over(group);
    const ReduceOp op = call.op == ReduceOp::avg ? ReduceOp::sum : call.op;
    co_await algorithms::allreduce(group_channel, between, own, {call.dtype, op, call.options.wire},
                                   segmentation);
    if (call.op == ReduceOp::avg) divide(call.dtype, own, channel.size());
  }
  co_await spread_on_node(node, channel.runner(), call, slices, direct);
}

}  // namespace rondo::comm
