// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

namespace rondo::scaling {

/// How fast messages are at one level: between cores of a node, or between nodes.
struct LinkSpeed {
  double latency = 0;    ///< seconds from a message's first byte sent to its first byte there
  double bandwidth = 0;  ///< bytes a second, of each port and direction
  double overhead = 0;   ///< seconds of the sender's core, and of the receiver's, per message
};

/// Two tiers of switches: leaves with `radix` ports, and spines. Of a leaf's ports, up to `radix *
/// oversubscription / (1 + oversubscription)` go to nodes and the others up, one to each spine.
struct FatTree {
  int radix = 36;
  double oversubscription = 1;  ///< bandwidth to the nodes over bandwidth to the spines
  double hop_latency = 0.2e-6;  ///< seconds added by each of the two hops by way of a spine
};

/// What the model knows of a machine: all that is fitted or given.
///
/// Nodes have one port each, full duplex. Where there is no fat tree, every two nodes are joined by
/// their ports alone.
struct Machine {
  double reduction_rate = 8e9;  ///< bytes a second that a core adds, copies or converts
  LinkSpeed node = {.latency = 0.5e-6, .bandwidth = 10e9, .overhead = 0.2e-6};
  LinkSpeed network = {.latency = 2e-6, .bandwidth = 12.5e9, .overhead = 0.5e-6};
  double skew = 0;  ///< mean seconds by which a rank comes late to a call (exponential)
  std::optional<FatTree> fat_tree = {};
};

/// \throws ConfigError  a speed is not positive, a time is negative, or no switch is like that
void require_sensible(const Machine& machine);

}  // namespace rondo::scaling
