// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/comm/lane_tree.hpp"

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"

/// Sums over lanes by messages: each rank sends slice q of its nodes to rank q, which adds the
/// slices of all nodes along the lane tree.
///
/// Collective. `nodes` must be the covering nodes of lane_range(rank, size, lanes).
/// \throws CommError as Transport::test
namespace rondo::comm {

/// Communicator::reduce_scatter_lanes.
Task lane_tree_reduce_scatter(Channel& channel, std::vector<LaneNode> nodes, std::size_t lanes,
                              std::span<float> result);

/// Communicator::allreduce_lanes: then the slices of the sum go round the ring.
Task lane_tree_allreduce(Channel& channel, std::vector<LaneNode> nodes, std::size_t lanes,
                         std::span<float> result, Segmentation segmentation = {});

}  // namespace rondo::comm
