// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "comm/shm/node_map.hpp"
#include "comm/shm/node_steps.hpp"
#include "scaling/simulation/simulated_rank.hpp"

namespace rondo::scaling {

/// The memory of one node, as far as its ranks wait for each other in it.
class SimulatedNode {
 public:
  SimulatedNode(World& world, const std::vector<int>& members) : world_(world), members_(members) {}

  /// `co_await node.gathered(rank, runner)`, in a task of that runner: all ranks of the node have
  /// come here once more, and have seen each other, which takes a latency.
  class Gathered;
  Gathered gathered(SimulatedRank& rank, comm::Runner& runner) noexcept;

 private:
  void enter(double clock);

  World& world_;
  const std::vector<int>& members_;
  std::uint64_t rounds_ = 0;  // complete
  std::size_t entered_ = 0;   // in the next one
  double latest_ = 0;
  double complete_at_ = 0;  // the last round
};

/// What a hierarchical call does in its node, by what loads and stores straight from window to
/// window take: nothing is staged, nothing waits but for the others to enter and to leave.
class SimulatedSteps final : public comm::NodeSteps {
 public:
  /// Of `call`, which must outlive this, in a task of `runner`.
  SimulatedSteps(SimulatedNode& node, SimulatedRank& rank, comm::Runner& runner,
                 const comm::NodeMap& map, const comm::Call& call)
      : node_(node), rank_(rank), runner_(runner), map_(map), call_(call) {}

  comm::Task reduce(std::vector<comm::Cut> blocks, std::span<std::byte> result) override;
  comm::Task spread(std::vector<comm::Cut> blocks, std::span<const std::byte> own) override;
  comm::Task broadcast(int root) override;
  comm::Task finish() override;

 private:
  /// Of all other ranks of the node, together.
  double others_bytes(std::size_t bytes) const {
    return static_cast<double>(map_.size() - 1) * static_cast<double>(bytes);
  }
  double seconds_to_move(double bytes) const {
    return bytes / rank_.world().machine().node.bandwidth;
  }

  SimulatedNode& node_;
  SimulatedRank& rank_;
  comm::Runner& runner_;
  const comm::NodeMap& map_;
  const comm::Call& call_;
};

class SimulatedNode::Gathered final : public comm::Condition {
 public:
  Gathered(SimulatedNode& node, SimulatedRank& rank, comm::Runner& runner) noexcept
      : Condition(runner), node_(node), rank_(rank), round_(node.rounds_ + 1) {
    node.enter(rank.clock());
  }

  bool ready() override { return node_.rounds_ >= round_ && rank_.at(node_.complete_at_).ready(); }
  std::string describe() const override { return "the other ranks of its node"; }

 private:
  SimulatedNode& node_;
  SimulatedRank& rank_;
  std::uint64_t round_;
};

inline SimulatedNode::Gathered SimulatedNode::gathered(SimulatedRank& rank,
                                                       comm::Runner& runner) noexcept {
  return {*this, rank, runner};
}

}  // namespace rondo::scaling
