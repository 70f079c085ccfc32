// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "scaling/simulation/network.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::scaling {
namespace {

void require_positive(double value, const char* name) {
  if (!(value > 0) || !std::isfinite(value))
    throw ConfigError(fmt::format("machine: {} is {}, but must be above 0", name, value));
}

void require_time(double value, const char* name) {
  if (!(value >= 0) || !std::isfinite(value))
    throw ConfigError(fmt::format("machine: {} is {} s, but must be 0 or more", name, value));
}

/// Ports of a leaf that go to nodes.
int ports_down(const FatTree& tree) {
  return static_cast<int>(tree.radix * tree.oversubscription / (1 + tree.oversubscription));
}

}  // namespace

void require_sensible(const Machine& machine) {
  require_positive(machine.reduction_rate, "reduction_rate");
  require_positive(machine.node.bandwidth, "node.bandwidth");
  require_positive(machine.network.bandwidth, "network.bandwidth");
  require_time(machine.node.latency, "node.latency");
  require_time(machine.node.overhead, "node.overhead");
  require_time(machine.network.latency, "network.latency");
  require_time(machine.network.overhead, "network.overhead");
  require_time(machine.skew, "skew");
  if (!machine.fat_tree) return;
  require_positive(machine.fat_tree->oversubscription, "fat_tree.oversubscription");
  require_time(machine.fat_tree->hop_latency, "fat_tree.hop_latency");
  const int down = ports_down(*machine.fat_tree);
  if (down < 1 || down >= machine.fat_tree->radix)
    throw ConfigError(
        fmt::format("machine: a switch of {} ports has none left for {} with oversubscription {}",
                    machine.fat_tree->radix, down < 1 ? "nodes" : "spines",
                    machine.fat_tree->oversubscription));
}

Network::Network(const Machine& machine, std::span<const int> nodes)
    : machine_(machine), nodes_(nodes) {
  require_sensible(machine);
  const auto node_count = static_cast<std::uint32_t>(*std::ranges::max_element(nodes) + 1);
  add_ports(nodes.size(), machine.node.bandwidth, machine.node.latency);
  out_ = static_cast<std::uint32_t>(ports_.size());
  add_ports(node_count, machine.network.bandwidth, machine.network.latency);
  in_ = out_ + node_count;
  add_ports(node_count, machine.network.bandwidth, 0);
  if (machine.fat_tree) add_spines(node_count);
}

void Network::add_spines(std::uint32_t nodes) {
  const FatTree& tree = *machine_.fat_tree;
  leaf_nodes_ = static_cast<std::uint32_t>(ports_down(tree));
  spines_ = static_cast<std::uint32_t>(tree.radix) - leaf_nodes_;
  const std::uint32_t leaves = (nodes + leaf_nodes_ - 1) / leaf_nodes_;
  up_ = static_cast<std::uint32_t>(ports_.size());
  down_ = up_ + leaves * spines_;
  add_ports(2 * std::size_t{leaves} * spines_, machine_.network.bandwidth, tree.hop_latency);
}

Route Network::route(int from, int to) const {
  if (from == to) return {};
  const std::uint32_t source = node_of(from);
  const std::uint32_t target = node_of(to);
  if (source == target) return {{static_cast<std::uint32_t>(from)}, 1};
  const std::uint32_t first = out_ + source;
  const std::uint32_t last = in_ + target;
  if (leaf_nodes_ == 0 || source / leaf_nodes_ == target / leaf_nodes_) return {{first, last}, 2};
  const std::uint32_t spine = target % spines_;
  return {{first, up_ + source / leaf_nodes_ * spines_ + spine,
           down_ + target / leaf_nodes_ * spines_ + spine, last},
          4};
}

Network::Passage Network::pass(std::uint32_t port, std::size_t bytes, double head, double tail) {
  Port& queue = ports_[port];
  const double start = std::max(head, queue.free);
  queue.free = std::max(tail, start + static_cast<double>(bytes) * queue.seconds_per_byte);
  return {start + queue.latency, queue.free + queue.latency, queue.free};
}

}  // namespace rondo::scaling
