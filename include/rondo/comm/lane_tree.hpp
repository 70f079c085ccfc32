// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"

namespace rondo::comm {

/// Consecutive lanes [begin, end).
struct LaneRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  friend bool operator==(const LaneRange&, const LaneRange&) = default;
};

/// The lanes that `rank` of `ranks` runs: [rank * lanes / ranks, (rank + 1) * lanes / ranks).
/// Empty for some ranks where there are more ranks than lanes.
/// \throws UsageError  not 0 <= rank < ranks
LaneRange lane_range(int rank, int ranks, std::size_t lanes);

/// The tree over `lanes` lanes has the root [0, lanes); a node of more than one lane splits at its
/// begin plus the largest power of two below its length. The tree knows nothing of ranks: what is
/// added along it has the same bits however the lanes are spread.
///
/// Returns the largest nodes that tile `range`, from left to right: at most 2 log2(lanes).
std::vector<LaneRange> covering_nodes(LaneRange range, std::size_t lanes);

/// The sum over one node of the lane tree.
struct LaneNode {
  LaneRange lanes;
  std::span<const float> sum;
};

/// Adds the lanes of one rank along the tree over all lanes, as they come.
///
/// A binary counter: siblings merge at once, so that beside the nodes of finished subtrees at most
/// log2(lanes) buffers of `count` floats are held; their memory is reused. Local.
class LaneTreeSum {
 public:
  LaneTreeSum(std::size_t lanes, std::size_t count) : lanes_(lanes), count_(count) {}

  /// Adds `values` as the sum of `lane`. Copies; `values` may change afterwards.
  /// \throws UsageError  not the lane after the last one, or not `count` values
  void add(std::size_t lane, std::span<const float> values);

  /// The sums of the largest complete nodes so far, in order. Views, valid until the next add() or
  /// clear().
  std::vector<LaneNode> nodes() const;

  /// Forgets all lanes and keeps the memory.
  void clear() noexcept { used_ = 0; }

 private:
  struct Partial {
    LaneRange lanes;
    AlignedBuffer<float> sum;
  };

  bool are_siblings(LaneRange left, LaneRange right) const;
  void push(LaneRange leaf, std::span<const float> values);
  void merge_last_two();

  std::size_t lanes_;
  std::size_t count_;
  std::size_t used_ = 0;
  std::vector<Partial> partials_;  // the first used_ are nodes, the others spare memory
};

}  // namespace rondo::comm
