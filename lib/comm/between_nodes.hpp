// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "rondo/comm/tuning.hpp"

#include "comm/algorithms/blocks.hpp"
#include "comm/select.hpp"

namespace rondo::comm {

/// How what the ranks of a node carry travels to their counterparts on the other nodes.
struct BetweenNodes {
  Algorithm algorithm = Algorithm::ring;
  Segmentation segmentation = {};
};

Segmentation segmentation_of(const Tuning& tuning);

/// Chooses that for the hierarchical calls of one communicator. All ranks choose alike. Immutable.
class BetweenNodesSelector {
 public:
  /// `tuning` null: the built-in one.
  BetweenNodesSelector(const std::shared_ptr<const Tuning>& tuning, const Place& place);

  /// For `call`, whose bytes `carriers` ranks of each node share.
  BetweenNodes choose(Call call, int carriers) const;

 private:
  Selector selector_;  // for one rank a node
};

}  // namespace rondo::comm
