// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/shm/one_shot.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "base/backoff.hpp"
#include "comm/kernels/reduce.hpp"

namespace rondo::comm {
namespace {

bool shows_input(const Call& call, int rank) {
  return call.collective != Collective::broadcast || rank == call.root;
}

void enter(Node& node, const Call& call, const Signature& signature) {
  const bool shows = shows_input(call, node.global_rank(node.rank()));
  node.publish(call, signature, shows ? call.input : std::span<const std::byte>());
}

/// Reduces what all ranks show from `offset` on.
void reduce_contributions(Node& node, const Call& call, std::size_t offset) {
  const auto inputs = node.inputs();
  for (int local = 0; local < node.size(); ++local)
    inputs[static_cast<std::size_t>(local)] = node.contribution(local, call.input.size()) + offset;
  std::byte* const output = call.output.data();
  const int divisor = call.op == ReduceOp::avg ? node.size() : 1;
  reduce_all(call.dtype, call.op, divisor, inputs, std::span(&output, 1), call.output.size(),
             Stores::cached);
}

/// All have posted: this rank's output follows from what they show.
void leave(Node& node, const Call& call, const Signature& signature) {
  node.compare_posts(signature);
  if (call.output.empty()) return;
  switch (call.collective) {
    case Collective::allreduce: return reduce_contributions(node, call, 0);
    case Collective::reduce_scatter:
      return reduce_contributions(node, call,
                                  static_cast<std::size_t>(node.rank()) * call.output.size());
    case Collective::allgather:
      for (int local = 0; local < node.size(); ++local)
        std::memcpy(call.output.data() + static_cast<std::size_t>(local) * call.input.size(),
                    node.contribution(local, call.input.size()), call.input.size());
      return;
    case Collective::broadcast:
      if (call.root != node.rank())
        std::memcpy(call.output.data(), node.contribution(call.root, call.output.size()),
                    call.output.size());
      return;
    case Collective::barrier:
    case Collective::allreduce_lanes:
    case Collective::reduce_scatter_lanes:
    case Collective::all_to_all: return;
  }
}

}  // namespace

bool is_one_shot(const Call& call, std::size_t limit_bytes) {
  return !is_over_lanes(call.collective) &&
         call.input.size() <= std::min(limit_bytes, Post::payload_bytes);
}

Task one_shot(Node& node, Runner& runner, Call call, Signature signature) {
  enter(node, call, signature);
  for (int local = 0; local < node.size(); ++local)
    co_await node.posted(runner, local);
  leave(node, call, signature);
}

void run_one_shot(Node& node, Transport& transport, const Call& call, const Signature& signature,
                  Deadline deadline) {
  enter(node, call, signature);
  Backoff backoff(transport.is_crowded());
  for (int local = 0; local < node.size(); ++local) {
    while (!node.has_posted(local)) {
      backoff.pause();
      if (!backoff.is_long()) continue;
      transport.progress();
      if (node.is_gone(local) && !node.has_posted(local)) node.throw_gone(local);
      if (std::chrono::steady_clock::now() < deadline) continue;
      throw CommError(
          fmt::format("rank {} on this node did not come in time: is it stopped, or far "
                      "behind?",
                      node.global_rank(local)));
    }
  }
  leave(node, call, signature);
}

}  // namespace rondo::comm
