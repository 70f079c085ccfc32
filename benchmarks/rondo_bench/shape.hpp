// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/call.hpp"

namespace rondo::bench {

/// The extent of one measured collective, equal on all ranks.
struct Shape {
  comm::Collective collective = comm::Collective::allreduce;
  DType dtype = DType::f32;
  int ranks = 1;
  std::size_t count = 0;  ///< elements of the whole: of the longer buffer
  bool in_place = false;

  std::size_t bytes() const { return count * size_of(dtype); }
  std::size_t block_count() const { return count / static_cast<std::size_t>(ranks); }
  std::size_t block_bytes() const { return block_count() * size_of(dtype); }
  std::size_t input_bytes() const {
    return collective == comm::Collective::allgather ? block_bytes() : bytes();
  }
  std::size_t output_bytes() const {
    return collective == comm::Collective::reduce_scatter ? block_bytes() : bytes();
  }
  /// Input and output are one memory.
  bool overlaps() const { return in_place || collective == comm::Collective::broadcast; }
};

inline bool is_reduction(comm::Collective collective) {
  return collective == comm::Collective::allreduce ||
         collective == comm::Collective::reduce_scatter;
}

/// Of blocks, one a rank, in one of its two buffers.
inline bool has_blocks(comm::Collective collective) {
  return collective == comm::Collective::reduce_scatter ||
         collective == comm::Collective::allgather;
}

/// The largest shape of at most `bytes`, but never without elements.
inline Shape shape_of_bytes(Shape shape, std::size_t bytes) {
  const std::size_t unit = has_blocks(shape.collective) ? static_cast<std::size_t>(shape.ranks) : 1;
  shape.count = std::max(bytes / size_of(shape.dtype) / unit, std::size_t{1}) * unit;
  return shape;
}

}  // namespace rondo::bench
