// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/aligned_buffer.hpp"
#include "rondo/base/parameter.hpp"

namespace rondo::grad {

/// A run of the arena's elements, [begin, end).
struct ElementRange {
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const noexcept { return end - begin; }
  friend bool operator==(const ElementRange&, const ElementRange&) = default;
};

/// Elements of a block, in which the arena is cut: 4 KiB.
inline constexpr std::size_t block_elements = 1024;

/// A part of one parameter that lies in one block.
struct Piece {
  ElementRange range;
  std::size_t parameter = 0;
};

/// One cache line after the last parameter, and what each of its elements sums over the lanes.
struct Trailer {
  static constexpr std::size_t elements = cache_line_bytes / sizeof(float);
  static constexpr std::size_t weight = 0;
  static constexpr std::size_t loss = 1;
  static constexpr std::size_t correct = 2;
  static constexpr std::size_t stop = 3;
  static constexpr std::size_t complete = 4;
  static constexpr std::size_t used = 5;
};

/// Where parameters lie in an arena, and how it is cut.
///
/// Parameters lie in reverse order of registration, so that those whose gradients a backward pass
/// completes first stand first; each starts on a cache line. One trailer follows the last, then
/// padding. Positions and *pieces* are functions of the specs alone.
///
/// *Buckets* are what one collective reduces: runs of whole blocks, cut anywhere, also inside a
/// parameter; the last holds the trailer. A bucket's length is a multiple of block_elements *
/// ranks, so that every rank's *shard*, an equal part, is whole blocks too. The first bucket is
/// small, so that communication starts early, and so is the last, for which nothing is left to
/// wait with.
class Layout {
 public:
  struct Options {
    std::size_t bucket_bytes = std::size_t{1} << 22;  ///< what a bucket should measure
    int ranks = 1;
  };

  /// \throws UsageError  no parameter, an empty one, two of one name, or no rank
  Layout(std::vector<ParameterSpec> specs, const Options& options);

  std::span<const ParameterSpec> specs() const noexcept { return specs_; }
  /// Of the arena, with trailer and padding: a multiple of block_elements * ranks().
  std::size_t elements() const noexcept { return buckets_.back().end; }
  std::size_t trailer() const noexcept { return trailer_; }
  int ranks() const noexcept { return ranks_; }

  /// \throws UsageError  there is no such parameter
  ElementRange parameter(std::size_t parameter) const;
  std::span<const ElementRange> buckets() const noexcept { return buckets_; }
  /// In the order of the arena; those of a parameter stand together.
  std::span<const Piece> pieces() const noexcept { return pieces_; }

  /// The indices [begin, end) of the pieces that lie in a run of whole blocks, or in a parameter.
  ElementRange pieces_in(ElementRange run) const;
  /// The indices [begin, end) of the buckets that a run touches.
  ElementRange buckets_of(ElementRange run) const;

  ElementRange shard(ElementRange bucket, int rank) const;
  /// Where a bucket's shard starts in memory that holds the shards of all buckets one by one.
  std::size_t shard_offset(ElementRange bucket) const {
    return bucket.begin / static_cast<std::size_t>(ranks_);
  }
  std::size_t shard_elements() const { return elements() / static_cast<std::size_t>(ranks_); }

 private:
  void place_parameters();
  void cut_pieces(std::size_t parameter);
  void cut_buckets(std::size_t bucket_bytes);

  std::vector<ParameterSpec> specs_;
  int ranks_;
  std::size_t trailer_ = 0;
  std::vector<ElementRange> parameters_;
  std::vector<ElementRange> buckets_;
  std::vector<Piece> pieces_;
};

}  // namespace rondo::grad
