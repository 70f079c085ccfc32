// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"
#include "comm/shm/node.hpp"

namespace rondo::comm {

/// Sums over lanes on several nodes. As in hierarchical(), each rank carries its own slice, or the
/// blocks of its counterparts, and no message stays inside a node:
///
/// 1. For each other node, a rank adds up its slice's part of the subtrees that its own node has
///    all lanes of, in the node's memory, and sends these sums to its counterpart there.
/// 2. Its own part of the slice it adds up along the whole tree, of its node's partial sums, read
///    where they lie, and of what came.
/// 3. allreduce_lanes: the parts go round between the counterparts, the slices round the node.
///
/// With S bytes on each of n nodes, a node that has k subtrees (subtrees_of_nodes) sends
/// (k + 1) (n-1)/n S in allreduce_lanes and k (n-1)/n S in reduce_scatter_lanes: with one each,
/// what hierarchical() sends. The bits are the tree's wherever ranks are.
///
/// All ranks' buffers must be in windows (are_in_windows), and for reduce_scatter_lanes nodes be of
/// equal size. The signature has been checked. Collective. \throws CommError  as Transport::test
/// and Node::throw_gone
Task hierarchical_lanes(Node& node, Channel& channel, Call call, std::vector<LaneNode> nodes,
                        Signature signature, Segmentation segmentation);

}  // namespace rondo::comm
