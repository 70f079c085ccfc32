// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "comm/algorithms/channel.hpp"
#include "comm/between_nodes.hpp"
#include "comm/shm/node.hpp"
#include "comm/shm/node_map.hpp"
#include "comm/shm/node_steps.hpp"

namespace rondo::comm {

/// Collectives in steps: a node's ranks work in its memory, ranks with equal numbers on their nodes
/// exchange messages, all such groups at once. No messages inside a node; its ranks share its link
/// alike, so that no rank's link or core carries all (multi-leader data partitioning, Bayatpour et
/// al. 2017). On n nodes of m ranks, with S bytes on each rank, or in all blocks together:
///
///                   in the node's memory, between the nodes, in memory      a node sends
///   allreduce       reduce own slice, allreduce it, spread it               2 (n-1)/n S
///   reduce_scatter  reduce the counterparts' blocks, reduce_scatter them    (n-1)/n S
///   allgather       allgather the counterparts' blocks, spread them         (n-1)/n S
///   broadcast       spread on the root's node, broadcast own slice, spread  S in sum over a tree
///
/// That is the least there is. Slices belong to the first ranks of a node, as many as the smallest
/// node has. Blocks belong to ranks: these two collectives want nodes of equal size. Which ranks
/// are on a node, and in which order, is arbitrary. Wire types round between nodes only; `avg`
/// divides once, after the sum. The signature has been checked. \throws CommError as
/// Transport::test and Node::throw_gone
Task hierarchical(Node& node, Channel& channel, Call call, Signature signature,
                  BetweenNodes between);

/// The same once the node's ranks have entered a round with `call`, which they take `steps` in.
/// What is given by reference must outlive the task.
Task hierarchical(const NodeMap& map, NodeSteps& steps, Channel& channel, Call call,
                  BetweenNodes between);

}  // namespace rondo::comm
