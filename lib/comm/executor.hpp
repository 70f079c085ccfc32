// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rondo/comm/communicator.hpp"

#include "comm/between_nodes.hpp"
#include "comm/select.hpp"
#include "comm/shm/node.hpp"
#include "comm/shm/shared_collectives.hpp"

namespace rondo::comm {

/// Turns calls into tasks: checks that all ranks make the same one, and sends it the way that its
/// options ask for. On one node all of that goes through shared memory.
class Executor {
 public:
  /// `node`: nullptr where this rank shares memory with nobody. `tuning`: nullptr for the built-in.
  Executor(Place place, std::unique_ptr<Node> node, const std::shared_ptr<const Tuning>& tuning)
      : place_(place),
        node_(std::move(node)),
        selector_(tuning, place),
        between_nodes_(tuning, place) {}

  /// The call with its algorithm chosen. \throws UsageError  the one that it asks for does not fit
  Call choose(Call call) const {
    call.options.algorithm = selector_.choose(call).algorithm;
    return call;
  }
  std::string explain(const Call& call) const { return selector_.explain(call); }

  /// Executes a chosen call. The executor must outlive the task.
  Task execute(Channel& channel, Call call, std::vector<LaneNode> nodes, Signature signature);

  /// Whether run_inline() takes this chosen call: in one shot, or between ranks of one node in its
  /// memory without lanes, which may need messages. What is around a short call costs more than it.
  bool runs_inline(const Call& call) const;
  void run_inline(Transport& transport, ScratchPool& scratch, const Call& call,
                  const Signature& signature, Deadline deadline);

  /// Memory of `bytes` on this rank that all ranks of the node see, and theirs, by rank on it.
  Task allocate(Channel& channel, Signature signature, std::size_t bytes, Node::Segments& window);
  bool shares_memory() const noexcept { return node_ != nullptr; }

  /// Tells this rank's node that it will do nothing more.
  void leave(std::string_view reason) noexcept {
    if (node_) node_->leave(reason);
  }

 private:
  bool is_one_node() const noexcept { return node_ != nullptr && place_.nodes == 1; }
  bool is_one_shot_call(const Call& call) const;
  Task share_lanes(Channel& channel, Call call, std::vector<LaneNode> nodes, Signature signature);
  Task lanes_by_nodes(Channel& channel, Call call, std::vector<LaneNode> nodes,
                      Signature signature);
  Task run_algorithm(Channel& channel, Call call, std::vector<LaneNode> nodes, Signature signature);

  Place place_;
  std::unique_ptr<Node> node_;
  Selector selector_;
  BetweenNodesSelector between_nodes_;
};

}  // namespace rondo::comm
