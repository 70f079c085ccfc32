// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "comm/algorithms/blocks.hpp"
#include "comm/algorithms/channel.hpp"
#include "comm/algorithms/contributions.hpp"
#include "comm/algorithms/reduction.hpp"

/// Every rank gets every rank's input and does all the work for itself, in the order of the ranks:
/// the least latency, and p times the traffic. Elements travel as they are, whatever the wire.
namespace rondo::comm::algorithms {

/// Completes `all` from each rank's own contribution, in ceil(log2 p) rounds of one message each
/// way, which together are as long as all contributions.
Task gather(Channel& channel, Contributions& all);

/// `output` becomes the reduction of as many bytes of every contribution, from `offset` on.
void reduce_contributions(Channel& channel, Contributions& all, const Reduction& reduction,
                          std::size_t offset, std::span<std::byte> output);

/// `blocks`, one for each rank, become the ranks' contributions.
void copy_contributions(Channel& channel, Contributions& all, const Blocks& blocks);

Task one_shot_allreduce(Channel& channel, std::span<std::byte> data, Reduction reduction);
Task one_shot_reduce_scatter(Channel& channel, std::span<const std::byte> input,
                             std::span<std::byte> output, Reduction reduction);
Task one_shot_allgather(Channel& channel, Blocks blocks);
Task one_shot_broadcast(Channel& channel, std::span<std::byte> data, int root);

}  // namespace rondo::comm::algorithms
