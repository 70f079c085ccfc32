// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/lanes.hpp"

#include <algorithm>

#include "comm/shm/direct.hpp"
#include "comm/shm/slices.hpp"
#include "comm/tree_addition.hpp"

namespace rondo::comm {
namespace {

// A rank shows its result and then its sums. More than 64 lanes deep trees cannot be.
static_assert((1 + 2 * 64) * sizeof(MemoryReference) <= Post::payload_bytes);

/// The bytes of every sum, and of every result of allreduce_lanes, that this rank works on.
Cut slice_of_call(const Node& node, const Call& call) {
  if (!scatters(call)) return slice_of(call.output.size(), node.rank(), node.size());
  const auto rank = static_cast<std::size_t>(node.rank());
  return {rank * call.output.size(), (rank + 1) * call.output.size()};
}

}  // namespace

std::span<const MemoryReference> shown_by(Node& node, int local, std::size_t sums) {
  const std::size_t count = 1 + sums;
  const std::byte* const bytes = node.contribution(local, count * sizeof(MemoryReference));
  return {reinterpret_cast<const MemoryReference*>(bytes), count};
}

bool are_in_windows(const Node& node, const Call& call, std::span<const LaneNode> nodes) {
  const auto lies_in_window = [&](std::span<const std::byte> bytes) {
    return bytes.empty() || is_in_window(node.locate(bytes));
  };
  return (scatters(call) || lies_in_window(call.output)) &&
         std::ranges::all_of(
             nodes, [&](const LaneNode& own) { return lies_in_window(std::as_bytes(own.sum)); });
}

Task enter_lanes_round(Node& node, Runner& runner, Call call, std::vector<LaneNode> nodes,
                       Signature signature) {
  std::vector<MemoryReference> references{node.locate(call.output)};
  for (const LaneNode& own : nodes)
    references.push_back(node.locate(std::as_bytes(own.sum)));
  node.publish(call, signature, std::as_bytes(std::span(references)));
  for (int local = 0; local < node.size(); ++local)
    co_await node.posted(runner, local);
  node.compare_posts(signature);
}

bool are_lanes_direct(Node& node, const Call& call) {
  const RankNodes nodes(node.size(), call.lanes);
  for (int local = 0; local < node.size(); ++local) {
    const auto references = shown_by(node, local, nodes.count(local));
    const auto needed = scatters(call) ? references.subspan(1) : references;
    if (!std::ranges::all_of(needed, is_in_window)) return false;
  }
  return true;
}

Task direct_lanes(Node& node, Runner& runner, Call call, std::size_t streaming_bytes) {
  node.require_all();
  const Cut slice = slice_of_call(node, call);
  const RankNodes nodes(node.size(), call.lanes);
  std::vector<const std::byte*> sums;
  std::vector<std::byte*> results;
  for (int local = 0; local < node.size(); ++local) {
    const auto references = shown_by(node, local, nodes.count(local));
    for (const MemoryReference& sum : references.subspan(1))
      sums.push_back(node.address(local, sum) + slice.begin);
    if (!scatters(call)) results.push_back(node.address(local, references[0]) + slice.begin);
  }
  if (scatters(call)) results.push_back(call.output.data());

  const std::size_t bytes = slice.end - slice.begin;
  const std::size_t touched = bytes * nodes.count() * static_cast<std::size_t>(node.size());
  TreeAddition(nodes.all(), {0, call.lanes})
      .add(sums, results, bytes, touched >= streaming_bytes ? Stores::streaming : Stores::cached);
  co_await finish_round(node, runner);
}

}  // namespace rondo::comm
