// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "comm/algorithms/element_channel.hpp"

/// Collectives along a ring of ranks, in segments: a segment travels on as soon as it was received
/// and reduced, so all links are busy at once. No rank sends fewer bytes in any algorithm of
/// messages between two ranks (Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for
/// clusters of workstations", J. Parallel Distrib. Comput. 69, 2009).
///
/// With p ranks, S bytes and k segments in a block of S/p bytes:
///                   each rank sends    in messages    steps     roundings of a value, at most
///   allreduce       2 (p-1)/p S        2 (p-1) k      2 (p-1)   p: one a hop, one of the result
///   reduce_scatter  (p-1)/p S          (p-1) k        p-1       p-1
///   allgather       (p-1)/p S          (p-1) k        p-1       1
/// Block b is reduced in the order of ranks b+1, b+2, ..., b, by rank b in the end.
namespace rondo::comm::algorithms {

/// Replaces `data` on every rank by the reduction over all ranks.
Task ring_allreduce(ElementChannel& elements, std::span<std::byte> data);

/// `result`, as long as block rank(), becomes the reduction of that block of all ranks' `input`.
/// It may be that block itself.
Task ring_reduce_scatter(ElementChannel& elements, ConstBlocks input, std::span<std::byte> result);

/// Completes `blocks` on every rank from each rank's own block, which must be in place.
Task ring_allgather(ElementChannel& elements, Blocks blocks);

}  // namespace rondo::comm::algorithms
