// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/direct.hpp"

#include <algorithm>

#include "comm/kernels/reduce.hpp"
#include "comm/shm/slices.hpp"

namespace rondo::comm {
namespace {

/// The part `slice` of everybody's `reference`.
template <class Pointer>
void point_to(Node& node, MemoryReference Post::*reference, std::size_t offset,
              std::span<Pointer> pointers) {
  for (int local = 0; local < node.size(); ++local)
    pointers[static_cast<std::size_t>(local)] =
        node.address(local, node.post(local).*reference) + offset;
}

void allreduce_slice(Node& node, const Call& call, Stores stores) {
  const Cut slice = slice_of(call.output.size(), node.rank(), node.size());
  point_to(node, &Post::input, slice.begin, node.inputs());
  point_to(node, &Post::output, slice.begin, node.outputs());
  const int divisor = call.op == ReduceOp::avg ? node.size() : 1;
  reduce_all(call.dtype, call.op, divisor, node.inputs(), node.outputs(), slice.end - slice.begin,
             stores);
}

void reduce_block(Node& node, const Call& call, Stores stores) {
  point_to(node, &Post::input, static_cast<std::size_t>(node.rank()) * call.output.size(),
           node.inputs());
  std::byte* const output = call.output.data();
  const int divisor = call.op == ReduceOp::avg ? node.size() : 1;
  reduce_all(call.dtype, call.op, divisor, node.inputs(), std::span(&output, 1), call.output.size(),
             stores);
}

void push_block(Node& node, const Call& call, Stores stores) {
  point_to(node, &Post::output, static_cast<std::size_t>(node.rank()) * call.input.size(),
           node.outputs());
  const std::byte* const input = call.input.data();
  reduce_all(DType::u8, ReduceOp::sum, 1, std::span(&input, 1), node.outputs(), call.input.size(),
             stores);
}

void pull_from_root(Node& node, const Call& call, Stores stores) {
  if (node.rank() == call.root) return;
  copy_bytes({node.address(call.root, node.post(call.root).input), call.output.size()}, call.output,
             stores);
}

}  // namespace

bool is_direct(Node& node, const Call& call) {
  const bool needs_input = call.collective != Collective::allgather;
  const bool needs_output =
      call.collective == Collective::allreduce || call.collective == Collective::allgather;
  for (int local = 0; local < node.size(); ++local) {
    const Post& post = node.post(local);
    if (needs_input && !is_in_window(post.input)) return false;
    if (needs_output && !is_in_window(post.output)) return false;
  }
  return true;
}

Task direct(Node& node, Runner& runner, Call call, std::size_t streaming_bytes) {
  node.require_all();
  const std::size_t touched =
      std::max(call.input.size(), call.output.size()) * static_cast<std::size_t>(node.size());
  const Stores stores = touched >= streaming_bytes ? Stores::streaming : Stores::cached;
  switch (call.collective) {
    case Collective::allreduce: allreduce_slice(node, call, stores); break;
    case Collective::reduce_scatter: reduce_block(node, call, stores); break;
    case Collective::allgather: push_block(node, call, stores); break;
    case Collective::broadcast: pull_from_root(node, call, stores); break;
    case Collective::barrier:
    case Collective::allreduce_lanes:
    case Collective::reduce_scatter_lanes:
    case Collective::all_to_all: break;
  }
  co_await finish_round(node, runner);
}

Task finish_round(Node& node, Runner& runner) {
  const std::uint64_t round = node.round();
  node.own_board().finished.value.store(round, std::memory_order_release);
  for (int local = 0; local < node.size(); ++local)
    co_await node.reached(runner, local, &Board::finished, round);
}

}  // namespace rondo::comm
