// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/cores.hpp"

#include <algorithm>
#include <cstddef>
#include <map>

#include <unistd.h>

namespace rondo::comm {
namespace {

/// Gives ranks cores of their own, one rank after another; earlier ones move where that helps.
class CoreAssignment {
 public:
  explicit CoreAssignment(std::span<const CoreSet> ranks) : ranks_(ranks) {}

  /// False if no assignment serves `rank` and those before it.
  bool add(std::size_t rank) {
    tried_.reset();
    return place(rank);
  }

 private:
  bool place(std::size_t rank) {
    for (std::size_t core = 0; core < tried_.size(); ++core) {
      if (!ranks_[rank][core] || tried_[core]) continue;
      tried_.set(core);
      const auto owner = owners_.find(core);
      if (owner != owners_.end() && !place(owner->second)) continue;
      owners_[core] = rank;
      return true;
    }
    return false;
  }

  std::span<const CoreSet> ranks_;
  std::map<std::size_t, std::size_t> owners_;  // by core
  CoreSet tried_;
};

}  // namespace

CoreSet own_cores() {
  CoreSet cores;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) {
    for (std::size_t core = 0; core < cores.size(); ++core)
      cores[core] = CPU_ISSET(core, &mask);
    return cores;
  }
  // A machine of more cores than a mask holds.
  const auto online = static_cast<std::size_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  for (std::size_t core = 0; core < std::min(online, cores.size()); ++core)
    cores.set(core);
  return cores;
}

bool is_crowded(std::span<const CoreSet> ranks) {
  CoreSet all;
  for (const CoreSet& cores : ranks)
    all |= cores;
  if (ranks.size() > all.count()) return true;

  CoreAssignment assignment(ranks);
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (!assignment.add(rank)) return true;
  }
  return false;
}

}  // namespace rondo::comm
