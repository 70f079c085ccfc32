// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/comm/call.hpp"

#include "rondo_bench/shape.hpp"

namespace rondo::bench {

/// The buffers of one call. They are the same memory where Shape::overlaps().
struct BufferSet {
  std::span<std::byte> input;
  std::span<std::byte> output;
};

/// What every rank puts in, and what must come out, bit by bit.
///
/// The values are integers so small that every order of additions is exact in every dtype on any
/// number of ranks. They repeat with a prime period, so that data that went to a wrong place, from
/// a wrong rank or from another call differ nearly everywhere. `salt` tells calls apart.
class Pattern {
 public:
  Pattern(const Shape& shape, comm::ReduceOp op, int rank, int root);

  /// Writes this rank's input, and nonsense to the output.
  void plant(const Shape& shape, const BufferSet& set, std::size_t salt) const;

  /// How many elements of the output are not what they must be.
  std::uint64_t count_wrong(const Shape& shape, std::span<const std::byte> output,
                            std::size_t salt) const;

 private:
  using Table = std::vector<std::byte>;  // one period of elements

  int rank_;
  int ranks_;
  int root_;
  std::size_t element_bytes_;
  Table own_;      // what this rank adds
  Table reduced_;  // of all ranks
  Table moved_;    // what is only moved: everybody's, each rank's from its own position
};

}  // namespace rondo::bench
