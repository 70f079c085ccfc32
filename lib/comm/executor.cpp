// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/executor.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "rondo/base/error.hpp"

#include "base/backoff.hpp"
#include "comm/algorithms/catalogue.hpp"
#include "comm/checked_run.hpp"
#include "comm/late_error.hpp"
#include "comm/message_path.hpp"
#include "comm/one_shot_call.hpp"
#include "comm/shm/hierarchical.hpp"
#include "comm/shm/hierarchical_lanes.hpp"
#include "comm/shm/lanes.hpp"
#include "comm/shm/one_shot.hpp"
#include "comm/tags.hpp"

namespace rondo::comm {

Task Executor::execute(Channel& channel, Call call, std::vector<LaneNode> nodes,
                       Signature signature) {
  const Tuning& tuning = selector_.tuning();
  if (call.options.algorithm == Algorithm::shared && is_over_lanes(call.collective)) {
    co_await share_lanes(channel, call, std::move(nodes), signature);
    co_return;
  }
  if (call.options.algorithm == Algorithm::hierarchical && is_over_lanes(call.collective)) {
    co_await lanes_by_nodes(channel, call, std::move(nodes), signature);
    co_return;
  }
  if (call.options.algorithm == Algorithm::shared) {
    co_await run_shared(*node_, channel.runner(), call, signature, tuning.shared_memory);
    co_return;
  }
  if (is_one_shot_call(call)) {
    Channel check_channel = channel.on(channel.runner(), signature_tag);
    co_await one_shot_call(check_channel, call, signature, tuning.transport.one_shot_bytes);
    co_return;
  }
  const auto body = [this, &nodes, &signature](Channel& messages, const Call& checked) {
    return run_algorithm(messages, checked, nodes, signature);
  };
  if (is_one_node()) {
    co_await enter_round(*node_, channel.runner(), call, signature);
    co_await body(channel, call);
  } else {
    co_await checked_run(channel, signature, call, tuning.transport, body);
  }
}

/// In the node's memory if all that it touches lies in windows, else by messages.
Task Executor::share_lanes(Channel& channel, Call call, std::vector<LaneNode> nodes,
                           Signature signature) {
  co_await enter_lanes_round(*node_, channel.runner(), call, nodes, signature);
  const std::size_t streaming_bytes = selector_.tuning().shared_memory.streaming_bytes;
  if (are_lanes_direct(*node_, call))
    co_await direct_lanes(*node_, channel.runner(), call, streaming_bytes);
  else
    co_await run_algorithm(channel, call, std::move(nodes), signature);
}

/// By nodes if on all ranks all that it touches lies in windows, else each with each by messages.
Task Executor::lanes_by_nodes(Channel& channel, Call call, std::vector<LaneNode> nodes,
                              Signature signature) {
  bool in_windows = are_in_windows(*node_, call, nodes);
  Channel check_channel = channel.on(channel.runner(), signature_tag);
  co_await check_signature(check_channel, signature, selector_.tuning().transport.one_shot_bytes,
                           in_windows);
  if (in_windows)
    co_await hierarchical_lanes(*node_, channel, call, std::move(nodes), signature,
                                segmentation_of(selector_.tuning()));
  else
    co_await run_by_messages(channel, call, std::move(nodes), segmentation_of(selector_.tuning()));
}

Task Executor::run_algorithm(Channel& channel, Call call, std::vector<LaneNode> nodes,
                             Signature signature) {
  if (call.options.algorithm == Algorithm::hierarchical)
    return hierarchical(*node_, channel, call, signature,
                        between_nodes_.choose(call, node_->carriers()));
  return run_by_messages(channel, call, std::move(nodes), segmentation_of(selector_.tuning()));
}

/// Not on one node, whose ranks compare their calls in its memory.
bool Executor::is_one_shot_call(const Call& call) const {
  return call.options.algorithm == Algorithm::one_shot && !is_one_node() &&
         shown_bytes(call, place_.size) <= selector_.tuning().transport.one_shot_bytes;
}

bool Executor::runs_inline(const Call& call) const {
  const bool in_memory = is_one_node() && call.options.algorithm == Algorithm::shared;
  return (in_memory && !is_over_lanes(call.collective)) || is_one_shot_call(call);
}

void Executor::run_inline(Transport& transport, ScratchPool& scratch, const Call& call,
                          const Signature& signature, Deadline deadline) {
  const Tuning& tuning = selector_.tuning();
  const bool shared = call.options.algorithm == Algorithm::shared;
  if (shared && is_one_shot(call, tuning.shared_memory.one_shot_bytes))
    return run_one_shot(*node_, transport, call, signature, deadline);
  Runner runner;
  Channel channel(transport, scratch, signature_tag, runner);
  runner.start(shared ? run_shared(*node_, runner, call, signature, tuning.shared_memory)
                      : one_shot_call(channel, call, signature, tuning.transport.one_shot_bytes));
  Backoff backoff(transport.is_crowded());
  while (!runner.step()) {
    if (runner.advanced()) backoff.reset();
    backoff.pause();
    if (!backoff.is_long()) continue;
    transport.progress();
    if (std::chrono::steady_clock::now() > deadline) throw late_error(runner, transport, signature);
  }
}

Task Executor::allocate(Channel& channel, Signature signature, std::size_t bytes,
                        Node::Segments& window) {
  if (is_one_node()) {
    co_await enter_round(*node_, channel.runner(), {}, signature);
  } else {
    Channel check_channel = channel.on(channel.runner(), signature_tag);
    co_await check_signature(check_channel, signature, selector_.tuning().transport.one_shot_bytes);
  }
  Scratch memory = channel.letters(1);
  const auto everywhere = memory.bytes();
  everywhere[0] = std::byte{1};
  std::string failure;
  try {
    co_await node_->add_window(channel, bytes, window);
  } catch (const CommError& e) {
    if (e.code() != ExitCode::internal) throw;
    failure = e.what();
    everywhere[0] = std::byte{0};
  }
  co_await algorithms::allreduce(channel, Algorithm::ring, everywhere, {DType::u8, ReduceOp::min});
  if (everywhere[0] == std::byte{1}) co_return;
  throw CommError(failure.empty() ? "ranks of another node have no memory left" : failure,
                  ExitCode::internal);
}

}  // namespace rondo::comm
