// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "rondo/comm/call.hpp"

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"

namespace rondo::comm {

/// Runs `call` by its algorithm, which is not `automatic`, over the channel alone. `nodes` are
/// those of the call, whose own list is not looked at. Collective. \throws CommError  as
/// Transport::test; buffers are then unspecified
Task run_by_messages(Channel& channel, Call call, std::vector<LaneNode> nodes,
                     Segmentation segmentation);

}  // namespace rondo::comm
