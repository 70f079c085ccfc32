// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "rondo/scaling/simulation.hpp"

#include "comm/between_nodes.hpp"
#include "comm/select.hpp"
#include "comm/signature.hpp"
#include "scaling/simulation/simulated_node.hpp"

namespace rondo::scaling {

/// Runs calls on the ranks of a world as their communicators do: one choice of algorithms, one
/// comparison of the calls, one schedule. Only what an Executor does in a node's memory has a model
/// in its place.
class SimulatedCommunicator {
 public:
  /// `world` must outlive this. `tuning` null: the built-in one.
  SimulatedCommunicator(World& world, NodeMemory memory,
                        std::shared_ptr<const comm::Tuning> tuning);

  /// \throws UsageError  no communicator of these ranks would make the call
  void check(const SimulatedCall& call) const;

  /// Number `sequence` of the calls, each of which has been checked.
  comm::Task execute(SimulatedRank& rank, SimulatedCall call, std::uint32_t sequence);

 private:
  comm::Call call_of(const SimulatedCall& call) const;
  std::vector<comm::LaneNode> lanes_of(const SimulatedCall& call, const comm::Call& made,
                                       int rank) const;
  bool is_one_node() const noexcept { return place_.nodes == 1 && place_.size > 1; }
  comm::Task run(SimulatedRank& rank, comm::Channel& channel, comm::Call call,
                 std::vector<comm::LaneNode> nodes);
  comm::Task by_nodes(SimulatedRank& rank, comm::Channel& channel, comm::Call call);
  comm::Task enter_node(SimulatedRank& rank, comm::Channel& channel);

  World& world_;
  comm::Place place_;  // rank 0's: its sizes are all ranks'
  std::shared_ptr<const comm::RanksByNode> ranks_by_node_;
  std::vector<int> node_of_;  // by rank
  std::vector<SimulatedNode> nodes_;
  comm::Selector selector_;
  comm::BetweenNodesSelector between_nodes_;
};

}  // namespace rondo::scaling
