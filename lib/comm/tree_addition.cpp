// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/tree_addition.hpp"

#include <algorithm>

#include "comm/lane_tree_split.hpp"

namespace rondo::comm {

RankNodes::RankNodes(int ranks, std::size_t lanes) {
  for (int rank = 0; rank < ranks; ++rank) {
    first_.push_back(nodes_.size());
    const auto nodes = covering_nodes(lane_range(rank, ranks, lanes), lanes);
    nodes_.insert(nodes_.end(), nodes.begin(), nodes.end());
  }
  first_.push_back(nodes_.size());
}

TreeAddition::TreeAddition(std::span<const LaneRange> pieces, LaneRange root) {
  append(pieces, root);
}

/// Appends the merges of the first of `pieces`, those below `node`; returns the others.
std::span<const LaneRange> TreeAddition::append(std::span<const LaneRange> pieces, LaneRange node) {
  if (pieces.front() == node) {
    merges_.push_back(0);
    return pieces.subspan(1);
  }
  const std::size_t middle = split_of(node);
  const auto behind = append(append(pieces, {node.begin, middle}), {middle, node.end});
  ++merges_.back();  // the last leaf of both children
  return behind;
}

void TreeAddition::add(std::span<const std::byte* const> inputs,
                       std::span<std::byte* const> outputs, std::size_t bytes,
                       Stores stores) const {
  if (merges_.size() > 1) return add_along_tree(inputs, merges_, outputs, bytes, stores);
  for (std::byte* const output : outputs) {
    if (output != inputs.front()) copy_bytes({inputs.front(), bytes}, {output, bytes}, stores);
  }
}

}  // namespace rondo::comm
