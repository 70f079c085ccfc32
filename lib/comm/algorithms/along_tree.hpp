// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"
#include "comm/algorithms/reduction.hpp"

/// Collectives along trees, in segments, each sent on as soon as it is complete; an allreduce sends
/// results down while operands still come up.
///
/// With p ranks, S bytes, k segments and L = ceil(log2 p):
///                              most bytes that a rank sends   steps           roundings of a value
///   tree_allreduce             (L + 1) S                      2 L, + 2k - 2   L + 1
///   tree_broadcast             L S                            L, + k - 1      none
///   pipelined_tree_allreduce   2 S                            about           floor(log2(p-1)) + 2
///                                                             2 L + 4 k
///   pipelined_tree_broadcast   S                              L + 2 k         none
/// A rank's values come first, then those of its children, in the order in which tree.hpp has them.
namespace rondo::comm::algorithms {

/// Binomial: up to rank 0 and down again. For short data. Replaces `data` on every rank by the
/// reduction over all ranks.
Task tree_allreduce(Channel& channel, std::span<std::byte> data, Reduction reduction,
                    Segmentation segmentation);

/// The same along two binary trees at once, half the data each. For long data on many ranks.
Task pipelined_tree_allreduce(Channel& channel, std::span<std::byte> data, Reduction reduction,
                              Segmentation segmentation);

/// Every rank's `data` becomes rank `root`'s. Binomial.
Task tree_broadcast(Channel& channel, std::span<std::byte> data, int root,
                    Segmentation segmentation);

/// The same along two binary trees at once.
Task pipelined_tree_broadcast(Channel& channel, std::span<std::byte> data, int root,
                              Segmentation segmentation);

}  // namespace rondo::comm::algorithms
