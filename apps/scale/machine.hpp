// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"

namespace rondo::scale {

/// What one rank runs on.
struct RankPlace {
  std::string host = {};       ///< its name
  std::string machine = {};    ///< differs between machines, also where hosts are virtual
  std::string processor = {};  ///< its model, as the kernel names it
  std::vector<int> cpus = {};  ///< of the machine, that this rank may use
};

/// Of this process.
RankPlace inspect_place();

/// By rank, those of all. Collective.
std::vector<RankPlace> gather_places(comm::Communicator& comm, const RankPlace& own);

/// \throws ConfigError  unlike processors: what differs between rank counts would be the machines
void require_equal_machines(std::span<const RankPlace> places);

/// Why the first `ranks` do not have a CPU each for every thread; empty if they have.
std::string oversubscription(std::span<const RankPlace> places, int ranks, int threads);

/// Why ranks that have kept so much of a CPU busy each, by rank, were in each other's way: passes
/// by the clock leave theirs idle. Empty if each machine had a quarter of its CPUs left.
std::string crowding(std::span<const RankPlace> places, std::span<const double> cores_busy);

/// How many machines there are, however many hosts they pretend to be.
std::size_t machine_count(std::span<const RankPlace> places);

}  // namespace rondo::scale
