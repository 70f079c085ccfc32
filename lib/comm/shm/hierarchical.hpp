// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"
#include "comm/shm/node.hpp"

namespace rondo::comm {

/// An allreduce in three steps: the ranks of a node reduce in its memory, each its own slice; ranks
/// with equal numbers on their nodes reduce these slices between the nodes, all at once; each rank
/// spreads its slice in its node's memory.
///
/// Every rank of the smallest node carries a slice, so no rank's link or core carries all. Between
/// n nodes each sends 2 (n-1)/n S in sum over its ranks, whatever their number: the least there is
/// (multi-leader data partitioning, Bayatpour et al. 2017). `between` is the algorithm between the
/// nodes. The signature has been checked. Wire types round between nodes only.
/// \throws CommError as Transport::test and Node::throw_gone
Task hierarchical_allreduce(Node& node, Channel& channel, Call call, Signature signature,
                            Algorithm between, Segmentation segmentation);

}  // namespace rondo::comm
