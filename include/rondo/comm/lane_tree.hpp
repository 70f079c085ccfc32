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

/// How many partial sums LaneTreeSum::add() holds at the most while it takes the lanes of `range`:
/// at most 2 log2(lanes). 0 for an empty range.
std::size_t most_partials(LaneRange range, std::size_t lanes);

/// Which partial sums lanes merge with that come one after another: a binary counter.
class LaneCounter {
 public:
  explicit LaneCounter(std::size_t lanes) noexcept : lanes_(lanes) {}

  /// How many of the last nodes() `lane` completes a node with, each the right child of the one
  /// before it. \throws UsageError  not the lane after the last one
  std::size_t merged_by(std::size_t lane) const;
  /// Takes the lane, with what merged_by() says of it.
  void take(std::size_t lane, std::size_t merged);

  /// The largest complete nodes so far, in order.
  std::span<const LaneRange> nodes() const noexcept { return nodes_; }
  void clear() noexcept { nodes_.clear(); }

 private:
  std::size_t lanes_;
  std::vector<LaneRange> nodes_;
};

/// Adds the lanes of one rank along the tree over all lanes, as they come.
///
/// A binary counter: a lane merges at once, in one pass over memory, with all siblings that it
/// completes, so that no more than the sums of finished subtrees are held. Their memory is used
/// again. Local.
class LaneTreeSum {
 public:
  /// Takes memory of its own as it needs it.
  LaneTreeSum(std::size_t lanes, std::size_t count) : counter_(lanes), count_(count) {}
  /// In the caller's memory, which outlives this: `buffers` of `count` floats each, as many as
  /// most_partials() says for the lanes that add() will take.
  /// \throws UsageError  a buffer has another length
  LaneTreeSum(std::size_t lanes, std::size_t count, std::vector<std::span<float>> buffers);

  /// Adds `values` as the sum of `lane`. Copies; `values` may change afterwards.
  /// \throws UsageError  not the lane after the last one, not `count` values, no buffer left, or
  ///                     after add_last()
  void add(std::size_t lane, std::span<const float> values);

  /// Adds the last lane in place: `values` become the sum of the node that it completes, which
  /// nodes() shows there. Nothing is copied: one lane alone is not even touched. `values` must live
  /// as long as the nodes are used. \throws UsageError as add(), but that it needs no buffer
  void add_last(std::size_t lane, std::span<float> values);

  /// The sums of the largest complete nodes so far, in order. Views, valid until the next add(),
  /// add_last() or clear().
  std::vector<LaneNode> nodes() const;

  /// Forgets all lanes and keeps the memory.
  void clear() noexcept;

 private:
  std::size_t merged_by(std::size_t lane, std::span<const float> values) const;
  static void merge(std::span<const float> values, std::span<const std::span<float>> siblings,
                    std::span<float> sum);
  std::span<float> next_buffer();

  LaneCounter counter_;
  std::size_t count_;
  bool owns_memory_ = true;
  bool has_last_ = false;
  std::vector<AlignedBuffer<float>> memory_;  // if it is its own
  std::vector<std::span<float>> buffers_;     // one for each partial sum, in order
  std::vector<std::span<float>> sums_;        // by node of the counter
};

}  // namespace rondo::comm
