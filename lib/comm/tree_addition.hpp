// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/comm/lane_tree.hpp"

#include "comm/kernels/reduce.hpp"

namespace rondo::comm {

/// The covering nodes of all ranks' lanes: they tile the lanes in the order of the ranks.
class RankNodes {
 public:
  RankNodes(int ranks, std::size_t lanes);

  std::span<const LaneRange> all() const noexcept { return nodes_; }
  std::size_t count() const noexcept { return nodes_.size(); }
  std::size_t count(int rank) const { return first(rank + 1) - first(rank); }
  /// Where those of `rank` begin.
  std::size_t first(int rank) const { return first_[static_cast<std::size_t>(rank)]; }

 private:
  std::vector<LaneRange> nodes_;
  std::vector<std::size_t> first_;  // by rank, and the end
};

/// Adds sums over nodes that tile all lanes along the tree over these lanes.
///
/// The sum over a node is that of its leftmost piece, plus the sum over its left child's right
/// sibling, plus that over their parent's right sibling, and so on: a list, added in order, whose
/// members are pieces or such lists. All is done tile by tile, so that every piece is read once and
/// the result is written once; what is between stays in the cache.
class TreeAddition {
 public:
  /// `pieces` are nodes of the tree over `lanes`, at least one, and tile them from left to right.
  TreeAddition(std::span<const LaneRange> pieces, std::size_t lanes);

  /// Stores the sum of the `inputs`, one float array of `bytes` for each piece, to every output. An
  /// output may be one of the inputs, exactly; otherwise nothing overlaps.
  void add(std::span<const std::byte* const> inputs, std::span<std::byte* const> outputs,
           std::size_t bytes, Stores stores);

 private:
  /// A piece, or behind the pieces a temporary tile.
  using Operand = std::size_t;
  struct Step {
    std::vector<Operand> operands;
    std::size_t target;  // a temporary; of the last step the result
  };

  Operand compile(std::span<const LaneRange> pieces, LaneRange node, std::size_t first_temporary);
  void add_tile(std::span<std::byte* const> outputs, std::size_t bytes, Stores stores);

  std::vector<Step> steps_;  // the last one makes the result
  std::size_t piece_count_;
  std::size_t temporaries_ = 0;
  AlignedBuffer<std::byte> tiles_;
  std::vector<const std::byte*> places_;  // by operand, in the present tile
  std::vector<const std::byte*> list_;    // of one step
  std::vector<std::byte*> results_;       // in the present tile
};

}  // namespace rondo::comm
