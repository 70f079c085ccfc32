// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

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

/// Adds sums over nodes that tile a node of the tree, along the tree: every piece is read once and
/// the result is written once.
class TreeAddition {
 public:
  /// `pieces`, at least one, tile `root` from left to right; all are nodes of one tree.
  TreeAddition(std::span<const LaneRange> pieces, LaneRange root);

  /// Stores the sum of the `inputs`, one float array of `bytes` for each piece, to every output. An
  /// output may be one of the inputs, exactly; otherwise nothing overlaps.
  void add(std::span<const std::byte* const> inputs, std::span<std::byte* const> outputs,
           std::size_t bytes, Stores stores) const;

  /// By piece, as add_along_tree() wants them.
  std::span<const std::uint8_t> merges() const noexcept { return merges_; }

 private:
  std::span<const LaneRange> append(std::span<const LaneRange> pieces, LaneRange node);

  std::vector<std::uint8_t> merges_;
};

}  // namespace rondo::comm
