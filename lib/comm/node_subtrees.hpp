// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/comm/lane_tree.hpp"

#include "comm/tree_addition.hpp"

namespace rondo::comm {

/// A node of the lane tree whose lanes are all run on one machine node.
struct Subtree {
  LaneRange lanes;
  std::size_t first_piece;  ///< of RankNodes::all(), those that tile it
  std::size_t end_piece;
  friend bool operator==(const Subtree&, const Subtree&) = default;
};

/// By machine node, the largest such subtrees, from left to right: its ranks can add them up among
/// themselves. Together they tile all lanes. One a node, where ranks of a node follow one another
/// and all their lanes are a whole subtree. `nodes`, by rank: 0 to the number of nodes - 1.
std::vector<std::vector<Subtree>> subtrees_of_nodes(const RankNodes& pieces,
                                                    std::span<const int> nodes, std::size_t lanes);

}  // namespace rondo::comm
