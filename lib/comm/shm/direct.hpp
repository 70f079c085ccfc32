// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "comm/shm/node.hpp"

/// Collectives straight out of and into the windows of all ranks of a node: each rank works on its
/// slice of everybody's buffers, so that nothing is copied twice. An allreduce of S bytes reads p S
/// and writes p S, the least there is; two waits, for all to have come and for all to be through.
namespace rondo::comm {

/// All have posted: can `call` go this way? It needs, on every rank, input and output of allreduce,
/// the input of reduce_scatter, the output of allgather, or the data of broadcast in a window.
bool is_direct(Node& node, const Call& call);

/// After the posts were compared. Results of more than `streaming_bytes` on the whole node are
/// stored past the cache. \throws CommError as Node::throw_gone
Task direct(Node& node, Runner& runner, Call call, std::size_t streaming_bytes);

/// Returns when every rank of the node is through with this round.
Task finish_round(Node& node, Runner& runner);

}  // namespace rondo::comm
