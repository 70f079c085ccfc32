// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scaling/simulation/simulated_communicator.hpp"

#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "comm/check_call.hpp"
#include "comm/checked_run.hpp"
#include "comm/message_path.hpp"
#include "comm/one_shot_call.hpp"
#include "comm/place.hpp"
#include "comm/shm/hierarchical.hpp"
#include "comm/tags.hpp"

namespace rondo::scaling {

using comm::Algorithm;
using comm::Call;
using comm::Channel;
using comm::Collective;
using comm::Task;

namespace {

std::vector<int> nodes_seen(const World& world, NodeMemory memory) {
  std::vector<int> nodes(world.nodes().begin(), world.nodes().end());
  if (memory == NodeMemory::shared) return nodes;
  for (std::size_t rank = 0; rank < nodes.size(); ++rank)
    nodes[rank] = static_cast<int>(rank);
  return nodes;
}

bool has_blocks(Collective collective) {
  return collective == Collective::reduce_scatter || collective == Collective::allgather ||
         collective == Collective::all_to_all || collective == Collective::reduce_scatter_lanes;
}

}  // namespace

SimulatedCommunicator::SimulatedCommunicator(World& world, NodeMemory memory,
                                             std::shared_ptr<const comm::Tuning> tuning)
    : world_(world),
      place_(memory == NodeMemory::shared ? comm::place_in(world.rank(0))
                                          : comm::place_apart_in(world.rank(0))),
      node_of_(nodes_seen(world, memory)),
      selector_(tuning, place_),
      between_nodes_(tuning, place_) {
  ranks_by_node_ = comm::ranks_by_node(node_of_);
  for (const auto& members : *ranks_by_node_)
    nodes_.emplace_back(world, members);
}

void SimulatedCommunicator::check(const SimulatedCall& call) const {
  const auto ranks = static_cast<std::size_t>(place_.size);
  if (call.bytes > PhantomMemory::third_bytes)
    throw UsageError(fmt::format("{} of {} bytes: at most {} can be simulated",
                                 name_of(call.collective), call.bytes, PhantomMemory::third_bytes));
  if (has_blocks(call.collective) && call.bytes % ranks != 0)
    throw UsageError(fmt::format("{} of {} bytes: they are not {} blocks of one length",
                                 name_of(call.collective), call.bytes, ranks));
  Call made = call_of(call);
  const auto nodes = lanes_of(call, made, place_.rank);
  made.nodes = nodes;
  comm::check_call(made, place_);
  const bool is_one_shot = selector_.choose(made).algorithm == Algorithm::one_shot;
  if (is_one_shot && call.bytes > PhantomMemory::third_bytes / ranks)
    throw UsageError(fmt::format("{} of {} bytes by one_shot: {} ranks would hold {} bytes each",
                                 name_of(call.collective), call.bytes, ranks, call.bytes * ranks));
}

/// In place where communicators allow it, all of it in windows.
Call SimulatedCommunicator::call_of(const SimulatedCall& call) const {
  const auto inputs = world_.memory().inputs();
  const auto outputs = world_.memory().outputs();
  const std::size_t block = call.bytes / static_cast<std::size_t>(place_.size);
  Call made{.collective = call.collective,
            .dtype = call.dtype,
            .op = call.op,
            .root = call.root,
            .lanes = call.lanes,
            .options = call.options};
  switch (call.collective) {
    case Collective::allreduce:
    case Collective::broadcast:
      made.input = outputs.first(call.bytes);
      made.output = outputs.first(call.bytes);
      break;
    case Collective::reduce_scatter:
      made.input = inputs.first(block * static_cast<std::size_t>(place_.size));
      made.output = outputs.first(block);
      break;
    case Collective::allgather:
      made.input = inputs.first(block);
      made.output = outputs.first(block * static_cast<std::size_t>(place_.size));
      break;
    case Collective::all_to_all:
      made.input = inputs.first(block * static_cast<std::size_t>(place_.size));
      made.output = outputs.first(block * static_cast<std::size_t>(place_.size));
      break;
    case Collective::barrier: break;
    case Collective::allreduce_lanes: made.output = outputs.first(call.bytes); break;
    case Collective::reduce_scatter_lanes: made.output = outputs.first(block); break;
  }
  return made;
}

std::vector<comm::LaneNode> SimulatedCommunicator::lanes_of(const SimulatedCall& call,
                                                            const Call& made, int rank) const {
  std::vector<comm::LaneNode> nodes;
  if (!comm::is_over_lanes(made.collective)) return nodes;
  const auto values = world_.memory().inputs().first(call.bytes);
  const std::span floats(reinterpret_cast<const float*>(values.data()),
                         values.size() / sizeof(float));
  for (const auto& node :
       comm::covering_nodes(comm::lane_range(rank, place_.size, made.lanes), made.lanes))
    nodes.push_back({node, floats});
  return nodes;
}

/// All ranks make the same call here: messages that only compare calls need no room for the inputs
/// of others that would go in one shot.
Task SimulatedCommunicator::execute(SimulatedRank& rank, SimulatedCall simulated,
                                    std::uint32_t sequence) {
  Call call = call_of(simulated);
  const comm::Signature signature = comm::signature_of(call, sequence);
  call.options.algorithm = selector_.choose(call).algorithm;
  auto nodes = lanes_of(simulated, call, rank.rank());
  comm::TransportTuning tuning = selector_.tuning().transport;
  const std::size_t one_shot_bytes = std::exchange(tuning.one_shot_bytes, 0);
  Channel channel = rank.channel(comm::data_tag);
  Channel check_channel = rank.channel(comm::signature_tag);
  const auto body = [&](Channel& messages, const Call& checked) {
    return run(rank, messages, checked, nodes);
  };
  const bool is_lanes_by_nodes =
      call.options.algorithm == Algorithm::hierarchical && comm::is_over_lanes(call.collective);
  if (is_one_node()) {
    co_await enter_node(rank, channel);
    co_await body(channel, call);
  } else if (call.options.algorithm == Algorithm::one_shot &&
             comm::shown_bytes(call, place_.size) <= one_shot_bytes) {
    co_await comm::one_shot_call(check_channel, call, signature, one_shot_bytes);
  } else if (is_lanes_by_nodes) {
    co_await comm::check_signature(check_channel, signature, tuning.one_shot_bytes);
    co_await body(channel, call);
  } else {
    co_await comm::checked_run(channel, signature, call, tuning, body);
  }
}

Task SimulatedCommunicator::run(SimulatedRank& rank, Channel& channel, Call call,
                                std::vector<comm::LaneNode> nodes) {
  const bool in_memory = call.options.algorithm == Algorithm::hierarchical ||
                         call.options.algorithm == Algorithm::shared;
  if (in_memory && !comm::is_over_lanes(call.collective))
    co_await by_nodes(rank, channel, call);
  else
    co_await comm::run_by_messages(channel, call, std::move(nodes),
                                   comm::segmentation_of(selector_.tuning()));
}

Task SimulatedCommunicator::enter_node(SimulatedRank& rank, Channel& channel) {
  const auto number = static_cast<std::size_t>(node_of_[static_cast<std::size_t>(rank.rank())]);
  co_await nodes_[number].gathered(rank, channel.runner());
}

/// On one node too: there, the slices meet nobody between the steps in memory.
Task SimulatedCommunicator::by_nodes(SimulatedRank& rank, Channel& channel, Call call) {
  if (!is_one_node()) co_await enter_node(rank, channel);
  const int number = node_of_[static_cast<std::size_t>(rank.rank())];
  const comm::NodeMap map(ranks_by_node_, number, rank.rank());
  SimulatedSteps steps(nodes_[static_cast<std::size_t>(number)], rank, channel.runner(), map, call);
  co_await comm::hierarchical(map, steps, channel, call,
                              between_nodes_.choose(call, map.carriers()));
}

}  // namespace rondo::scaling
