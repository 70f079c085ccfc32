// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rondo/scaling/machine.hpp"

namespace rondo::scaling {

/// The ports that a message goes through, one after the other. None: to the rank itself.
struct Route {
  std::array<std::uint32_t, 4> ports{};
  std::uint8_t count = 0;
};

/// The ports of a machine, each a queue: messages go through in the order in which they come, one
/// at a time.
///
/// A message's first byte enters the next port as soon as it is through the last one (cut-through),
/// so that a long message pays for one port's bandwidth only, the slowest. The library's messages
/// are at most a segment long: those that meet at a port share it almost as fairly as flows would.
///
///   inside a node     the sender's core
///   between nodes     out of the node, into the other
///   through a spine   out of the node, up from its leaf, down to the other leaf, into the node;
///                     which spine follows from the receiving node (static routing)
class Network {
 public:
  /// `nodes`: by rank. \throws ConfigError  as require_sensible()
  Network(const Machine& machine, std::span<const int> nodes);

  Route route(int from, int to) const;
  const LinkSpeed& speed(int from, int to) const {
    return node_of(from) == node_of(to) ? machine_.node : machine_.network;
  }

  /// When a message at a port is through.
  struct Passage {
    double head;  ///< its first byte is at what follows
    double tail;  ///< its last byte is
    double gone;  ///< its last byte has left what lies before
  };
  /// Sends `bytes` through `port`, whose first byte is there at `head` and whose last byte comes
  /// not before `tail`. Calls must be in the order of `head`.
  Passage pass(std::uint32_t port, std::size_t bytes, double head, double tail);

 private:
  struct Port {
    double seconds_per_byte;
    double latency;  ///< to what follows
    double free = 0;
  };

  std::uint32_t node_of(int rank) const {
    return static_cast<std::uint32_t>(nodes_[static_cast<std::size_t>(rank)]);
  }
  void add_ports(std::size_t count, double bandwidth, double latency) {
    ports_.insert(ports_.end(), count, Port{1 / bandwidth, latency});
  }
  void add_spines(std::uint32_t nodes);

  Machine machine_;
  std::span<const int> nodes_;
  std::vector<Port> ports_;
  std::uint32_t out_ = 0;  // where kinds of ports begin: the cores' come first
  std::uint32_t in_ = 0;
  std::uint32_t up_ = 0;
  std::uint32_t down_ = 0;
  std::uint32_t leaf_nodes_ = 0;  // nodes below a leaf; 0: there are no switches
  std::uint32_t spines_ = 0;
};

}  // namespace rondo::scaling
