// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "comm/algorithms/element_channel.hpp"

/// Everybody with everybody: what is for a rank goes straight to it. The least bytes of all, in one
/// step each way; but p-1 messages meet at every rank at once.
///
/// With p ranks, S bytes and k segments in a block of S/p bytes:
///                   each rank sends    in messages    steps    roundings of a value, at most
///   allreduce       2 (p-1)/p S        2 (p-1) k      2        2: one a hop, one of the result
///   reduce_scatter  (p-1)/p S          (p-1) k        1        1
///   allgather       (p-1)/p S          (p-1) k        1        1
///   all_to_all      (p-1)/p S          (p-1) k        1        0
/// A block is reduced in the order of ranks 0, 1, ..., p-1 by the rank it belongs to; short floats
/// are rounded once, when all are added.
namespace rondo::comm::algorithms {

/// Replaces `data` on every rank by the reduction over all ranks.
Task direct_allreduce(ElementChannel& elements, std::span<std::byte> data);

/// `result`, as long as block rank(), becomes the reduction of that block of all ranks' `input`.
/// It may be that block itself.
Task direct_reduce_scatter(ElementChannel& elements, ConstBlocks input,
                           std::span<std::byte> result);

/// Completes `blocks` on every rank from each rank's own block, which must be in place.
Task direct_allgather(ElementChannel& elements, Blocks blocks);

/// Block r of a rank's `input` becomes block rank() of rank r's `output`, but for its own one.
Task direct_all_to_all(ElementChannel& elements, ConstBlocks input, Blocks output);

}  // namespace rondo::comm::algorithms
