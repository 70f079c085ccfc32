// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/comm/lane_tree.hpp"

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"

namespace rondo::comm {

/// Communicator::allreduce_lanes: each rank sends slice q of its nodes to rank q, which adds the
/// slices of all nodes along the lane tree; then the slices of the sum go round the ring.
///
/// Collective. `nodes` must be the covering nodes of lane_range(rank, size, lanes), each
/// as long as `result` and apart from it. \throws CommError as Transport::test
Task lane_tree_allreduce(Channel& channel, std::vector<LaneNode> nodes, std::size_t lanes,
                         std::span<float> result, Segmentation segmentation = {});

}  // namespace rondo::comm
