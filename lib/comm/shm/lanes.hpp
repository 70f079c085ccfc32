// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "comm/shm/node.hpp"
#include "comm/signature.hpp"

/// Sums over lanes between the ranks of one node: each rank loads its slice of everybody's sums
/// where they lie, adds them along the lane tree, and stores the result where it belongs. Every sum
/// is read once. All ranks of the communicator must be on the node.
namespace rondo::comm {

/// Does each rank keep only its part of the result?
inline bool scatters(const Call& call) {
  return call.collective == Collective::reduce_scatter_lanes;
}

/// Enters a round, shows where this rank's sums and its result lie, and returns when all ranks
/// have, and call the same. \throws CommError  the ranks disagree, or as Node::throw_gone
Task enter_lanes_round(Node& node, Runner& runner, Call call, std::vector<LaneNode> nodes,
                       Signature signature);

/// All have posted: can `call` go this way? On every rank the sums, and of allreduce_lanes the
/// result, must lie in windows.
bool are_lanes_direct(Node& node, const Call& call);

/// What rank `local`, which has `sums` of them, has shown in the present round: its result, and
/// then its sums.
std::span<const MemoryReference> shown_by(Node& node, int local, std::size_t sums);

/// Do this rank's sums and its result, which reduce_scatter_lanes may have anywhere, lie in
/// windows?
bool are_in_windows(const Node& node, const Call& call, std::span<const LaneNode> nodes);

/// After are_lanes_direct(). Where all ranks' sums together are at least `streaming_bytes`, results
/// are stored past the cache. \throws CommError as Node::throw_gone
Task direct_lanes(Node& node, Runner& runner, Call call, std::size_t streaming_bytes);

}  // namespace rondo::comm
