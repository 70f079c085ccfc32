// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
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
/// \throws CommError  messages did not pass within the communicator's time limit; end the process
LinkSpeeds measure_links(comm::Communicator& comm);

enum class Senders { all, every_second };

/// Once around the ring: one rank of each node sends to the next node's and receives from the one
/// before, in messages that are all under way at once.
struct LinkPass {
  static constexpr int message_bytes = 1 << 20;
  static constexpr std::size_t messages = 64;
  static constexpr std::size_t bytes = messages * message_bytes;

  std::span<const int> ring;  ///< the ranks of MPI_COMM_WORLD that take part, by node
  std::size_t node = 0;       ///< this rank's place in it
  Senders senders = Senders::all;
  std::chrono::milliseconds time_limit;

  /// The seconds until all is received; 0 if nothing was to be. Collective over the ring.
  /// \throws CommError  the limit has passed, or MPI failed; names the rank that was waited for.
  ///                    MPI may use both buffers until the process ends
  double run(std::span<const std::byte> out, std::span<std::byte> in) const;

 private:
  [[noreturn]] void fail(const char* direction, int peer) const;
};

/// The seconds that a link of so many bytes a second needs at the least for what each of `nodes`
/// must send; `wire_bytes` is the length of the whole as it travels.
double link_limit(comm::Collective collective, std::size_t wire_bytes, int nodes,
                  double bytes_per_second);

}  // namespace rondo::bench
