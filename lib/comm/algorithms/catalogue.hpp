// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "rondo/comm/call.hpp"

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"
#include "comm/algorithms/reduction.hpp"

/// Every algorithm over a Channel, by collective and name. `hierarchical` and `shared` are others'.
///
/// All are collective, with equal lengths, algorithm and options on every rank, for any number of
/// ranks and of elements. All ranks end with the same bits. \throws UsageError  at once, the
/// collective has no such algorithm. What a task throws is a CommError, as Transport::test does;
/// buffers are then unspecified.
namespace rondo::comm::algorithms {

/// Those that a collective has; `automatic` is none of them.
std::span<const Algorithm> algorithms_for(Collective collective);

/// \throws UsageError  unless algorithms_for(collective) has it; it lists what it has.
void require_algorithm(Collective collective, Algorithm algorithm);

/// How often at most a value, or a sum that it is part of, is rounded on `ranks` ranks with
/// Reduction::wire: by an allreduce; a reduce_scatter has no more. 0 with one rank. For values of
/// one sign, (1 + u)^most_roundings - 1 bounds the result's relative error, where u is 2^-8 for
/// bf16 and 2^-11 for f16, but for f32's own roundings.
int most_roundings(Algorithm algorithm, int ranks);

/// Replaces `data` on every rank by the reduction over all ranks.
Task allreduce(Channel& channel, Algorithm algorithm, std::span<std::byte> data,
               Reduction reduction, Segmentation segmentation = {});

/// `output` becomes the reduction of all ranks' block rank() of `input`, which is size() blocks as
/// long as `output` and does not overlap it.
Task reduce_scatter(Channel& channel, Algorithm algorithm, std::span<const std::byte> input,
                    std::span<std::byte> output, Reduction reduction,
                    Segmentation segmentation = {});

/// Completes `blocks` on every rank from each rank's own block, which must be in place.
Task allgather(Channel& channel, Algorithm algorithm, Blocks blocks,
               Segmentation segmentation = {});

/// Block r of a rank's `input` becomes block rank() of rank r's `output`. Both have size() blocks
/// of one length, and do not overlap. By one algorithm only.
Task all_to_all(Channel& channel, ConstBlocks input, Blocks output, Segmentation segmentation = {});

/// Every rank's `data` becomes rank `root`'s.
Task broadcast(Channel& channel, Algorithm algorithm, std::span<std::byte> data, int root,
               Segmentation segmentation = {});

}  // namespace rondo::comm::algorithms
