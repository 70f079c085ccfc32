// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "comm/algorithms/blocks.hpp"
#include "comm/kernels/reduce.hpp"
#include "comm/shm/node.hpp"

/// Collectives on private buffers of one node: chunks go through small shared slots, of which
/// several are under way, so that copying in, reducing and copying out overlap between ranks and
/// stay in the cache. A rank never waits at a barrier, only for a slot or a chunk that it needs.
namespace rondo::comm {

struct StagedOptions {
  DType dtype = DType::u8;
  ReduceOp op = ReduceOp::sum;
  int divisor = 1;  ///< of the sum
  std::size_t chunk_bytes = Board::slot_bytes;
  /// Past the cache, chunks travel by the memory. That is the faster way where the ranks' caches
  /// are far apart, and never a slow one for what is larger than they are.
  Stores stores = Stores::cached;
};

/// Every rank's `output` becomes the reduction of all inputs; they may be the same memory.
Task staged_allreduce(Node& node, Runner& runner, std::span<const std::byte> input,
                      std::span<std::byte> output, StagedOptions options);

/// Reduces block r of all inputs into `output` of rank r. `blocks`, by rank: bytes of the input.
Task staged_reduce_blocks(Node& node, Runner& runner, std::span<const std::byte> input,
                          std::vector<Cut> blocks, std::span<std::byte> output,
                          StagedOptions options);

/// Block r of every `output` becomes rank r's `own`, which may already lie there.
Task staged_gather_blocks(Node& node, Runner& runner, std::span<const std::byte> own,
                          std::vector<Cut> blocks, std::span<std::byte> output,
                          StagedOptions options);

/// Every `data` becomes that of the node's rank `root`.
Task staged_broadcast(Node& node, Runner& runner, std::span<std::byte> data, int root,
                      StagedOptions options);

}  // namespace rondo::comm
