// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "rondo/comm/communicator.hpp"

namespace rondo::bench {

/// What the links between nodes carry, in bytes a second.
struct LinkSpeeds {
  double ring = 0;                 ///< from node to next node, all at once: as fast as the slowest
  std::vector<double> nodes = {};  ///< by node: its own link
};

/// By MPI's own messages from each node to the next in the ring of nodes: the fastest of some
/// repeats. A node's own link is as fast as the faster one of the two ways to its neighbours: the
/// other way may be slow for the neighbour's sake. So two nodes have the same.
///
/// `comm` has the first ranks of the job, in their order. Collective; equal on all ranks. Several
/// nodes only.
LinkSpeeds measure_links(comm::Communicator& comm);

/// The seconds that a link of so many bytes a second needs at the least for what each of `nodes`
/// must send; `wire_bytes` is the length of the whole as it travels.
double link_limit(comm::Collective collective, std::size_t wire_bytes, int nodes,
                  double bytes_per_second);

}  // namespace rondo::bench
