// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/comm/tuning.hpp"

#include "comm/shm/node.hpp"

namespace rondo::comm {

/// Any collective but the sums over lanes between the ranks of one node, by whichever way its
/// length and its buffers' memory allow; checks the signature first.
///
/// Collective over the node. \throws CommError  the ranks disagree, or as Node::throw_gone
Task run_shared(Node& node, Runner& runner, Call call, Signature signature,
                SharedMemoryTuning tuning);

/// Enters a round with `call` and returns when all ranks have, and call the same.
Task enter_round(Node& node, Runner& runner, Call call, Signature signature);

}  // namespace rondo::comm
