// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/communicator.hpp"

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"

namespace rondo::comm {

/// Collectives along a ring of ranks, in segments: a segment travels on as soon as it was received
/// and reduced, so all links are busy at once. All are collective and equal lengths and
/// options on every rank; \throws CommError as Transport::test, buffers are then unspecified.

/// Replaces `data` on every rank by the reduction over all ranks.
///
/// Traffic: each rank sends 2 (p-1)/p * data.size(). Block b is reduced in the order of ranks b,
/// b+1, ... and then copied, so all ranks end with the same bits.
Task ring_allreduce(Channel& channel, std::span<std::byte> data, DType dtype, ReduceOp op,
                    Segmentation segmentation = {});

/// `output` becomes the reduction of all ranks' block rank() of `input`, which is size() blocks as
/// long as `output`. Traffic: each rank sends (p-1) * output.size().
Task ring_reduce_scatter(Channel& channel, std::span<const std::byte> input,
                         std::span<std::byte> output, DType dtype, ReduceOp op,
                         Segmentation segmentation = {});

/// Completes `blocks` on every rank from each rank's own block, which must be in place.
/// Traffic: each rank sends all blocks but its right neighbour's.
Task ring_allgather(Channel& channel, Blocks blocks, Segmentation segmentation = {});

}  // namespace rondo::comm
