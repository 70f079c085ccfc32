// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace rondo::comm {

/// Global ranks by node and by rank on it.
using RanksByNode = std::vector<std::vector<int>>;

/// `nodes`: by global rank, the number of its node.
std::shared_ptr<const RanksByNode> ranks_by_node(std::span<const int> nodes);

/// Who is where, as one rank sees it: the ranks of its node, numbered within it, and their
/// counterparts on the other nodes. Immutable.
class NodeMap {
 public:
  /// Global rank `rank`, on node `number`.
  NodeMap(std::shared_ptr<const RanksByNode> ranks, int number, int rank);

  int rank() const noexcept { return rank_; }
  int size() const noexcept { return static_cast<int>(members().size()); }
  /// The rank in the whole communicator of this node's rank `local`.
  int global_rank(int local) const { return members()[static_cast<std::size_t>(local)]; }
  /// The rank in the whole communicator of rank `local` on node `number`.
  int global_rank(int number, int local) const {
    return (*ranks_)[static_cast<std::size_t>(number)][static_cast<std::size_t>(local)];
  }
  /// The rank on this node of the communicator's rank `global`, which is here.
  int local_rank(int global) const;

  /// This node's number, and how many ranks the smallest node has.
  int number() const noexcept { return number_; }
  int carriers() const noexcept { return carriers_; }
  /// By node, the rank with this rank's number there. Of the ranks below carriers() only.
  const std::vector<int>& counterparts() const noexcept { return counterparts_; }

  /// The node's ranks in the whole communicator.
  const std::vector<int>& members() const { return (*ranks_)[static_cast<std::size_t>(number_)]; }

 private:
  std::shared_ptr<const RanksByNode> ranks_;
  int number_;
  int rank_;
  int carriers_;
  std::vector<int> counterparts_;
};

}  // namespace rondo::comm
