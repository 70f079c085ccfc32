// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/executor.hpp"

#include <utility>

#include "comm/checked_run.hpp"
#include "comm/message_path.hpp"
#include "comm/shm/hierarchical.hpp"
#include "comm/shm/one_shot.hpp"

namespace rondo::comm {

Task Executor::execute(Channel& channel, Call call, std::vector<LaneNode> nodes,
                       Signature signature) {
  const Tuning& tuning = selector_.tuning();
  if (call.options.algorithm == Algorithm::shared) {
    co_await run_shared(*node_, channel.runner(), call, signature, tuning.shared_memory);
    co_return;
  }
  const auto body = [this, &nodes, &signature](Channel& messages, const Call& checked) {
    return run_algorithm(messages, checked, nodes, signature);
  };
  if (is_one_node()) {
    co_await enter_round(*node_, channel.runner(), call, signature);
    co_await body(channel, call);
  } else {
    co_await checked_run(channel, signature, call, tuning.transport.copy_limit_bytes, body);
  }
}

Task Executor::run_algorithm(Channel& channel, Call call, std::vector<LaneNode> nodes,
                             Signature signature) {
  const TransportTuning& tuning = selector_.tuning().transport;
  const Segmentation segmentation{tuning.segment_bytes, tuning.receives_ahead};
  if (call.options.algorithm == Algorithm::hierarchical)
    return hierarchical_allreduce(*node_, channel, call, signature, between_nodes(call),
                                  segmentation);
  return run_by_messages(channel, call, std::move(nodes), segmentation);
}

/// What serves the slices that a node's ranks carry.
Algorithm Executor::between_nodes(Call call) const {
  const auto slice =
      call.output.first(call.output.size() / static_cast<std::size_t>(node_->carriers()));
  call.input = slice;
  call.output = slice;
  call.options.algorithm = Algorithm::automatic;
  return between_nodes_.choose(call).algorithm;
}

bool Executor::runs_inline(const Call& call) const {
  return is_one_node() && is_one_shot(call, selector_.tuning().shared_memory.one_shot_bytes) &&
         selector_.choose(call).algorithm == Algorithm::shared;
}

void Executor::run_inline(const Call& call, const Signature& signature, Deadline deadline) {
  run_one_shot(*node_, call, signature, deadline);
}

Task Executor::allocate(Channel& channel, Signature signature, std::size_t bytes,
                        std::shared_ptr<Segment>& segment) {
  if (is_one_node())
    co_await enter_round(*node_, channel.runner(), {}, signature);
  else
    co_await check_signature(channel, signature);
  co_await node_->add_window(channel, bytes, segment);
}

}  // namespace rondo::comm
