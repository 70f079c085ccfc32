// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace rondo::train {

/// Elements of one tensor.
struct Segment {
  std::size_t tensor = 0;
  std::size_t first = 0;
  std::size_t count = 0;
  std::size_t place = 0;  ///< where they stand in the share that they belong to
};

/// Who reads what of a checkpoint when: consecutive elements of a few MiB are a *share*, which one
/// rank reads; a share of each reader is a *piece*. Each reader's shares follow one another, as the
/// system reads ahead of whoever reads on and on.
///
/// Tensors are cut where the blocks end in which they are verified, so that no block is read twice.
class LoadPlan {
 public:
  struct Options {
    int readers = 1;
    std::size_t block_elements = 0;  ///< 0: tensors are verified, hence read, whole
    std::size_t share_elements = std::size_t{1} << 19;  ///< of a share, about and at the most
  };

  /// `tensors`: how many elements each has.
  LoadPlan(std::span<const std::size_t> tensors, const Options& options);

  std::size_t pieces() const noexcept;
  /// Nothing for some readers in the last piece.
  std::span<const Segment> share(std::size_t piece, int reader) const;
  int readers() const noexcept { return readers_; }
  /// Of the longest share.
  std::size_t longest_share() const noexcept { return longest_share_; }

 private:
  void append(const Segment& block, std::size_t share_elements);

  int readers_;
  std::vector<std::vector<Segment>> shares_;
  std::size_t last_share_ = 0;  // elements of it
  std::size_t longest_share_ = 0;
};

}  // namespace rondo::train
