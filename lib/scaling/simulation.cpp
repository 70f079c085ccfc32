// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/scaling/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "rondo/base/error.hpp"
#include "rondo/base/philox.hpp"

#include "scaling/simulation/simulated_communicator.hpp"
#include "scaling/simulation/world.hpp"

namespace rondo::scaling {
namespace {

/// How late a rank comes to a call: the same in every simulation, exponential with this mean.
double lateness(double mean, int rank, std::size_t call) {
  if (mean == 0) return 0;
  const Philox numbers(0, RandomPurpose::noise, static_cast<std::uint32_t>(rank));
  return -mean * std::log1p(-static_cast<double>(Philox::uniform(numbers.block(call)[0])));
}

comm::Task run_calls(SimulatedRank& rank, SimulatedCommunicator& comm,
                     std::span<const SimulatedCall> calls, std::span<CallTime> times) {
  const double skew = rank.world().machine().skew;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const double begin = std::max(rank.clock(), calls[i].ready) + lateness(skew, rank.rank(), i);
    co_await rank.at(begin);
    times[i].begin = std::min(times[i].begin, rank.clock());
    co_await comm.execute(rank, calls[i], static_cast<std::uint32_t>(i));
    times[i].end = std::max(times[i].end, rank.clock());
  }
}

/// By their lowest ranks, as transports number them.
void require_numbered(std::span<const int> nodes) {
  require(!nodes.empty(), "a job has at least one rank");
  int next = 0;
  for (const int node : nodes) {
    if (node < 0 || node > next)
      throw UsageError(
          fmt::format("node {} comes before node {}: number the nodes from 0 on, in "
                      "the order of their lowest ranks",
                      node, next));
    if (node == next) ++next;
  }
}

}  // namespace

std::vector<int> equal_nodes(int ranks, int ranks_per_node) {
  require(ranks > 0 && ranks_per_node > 0, "a job has at least one rank on each node");
  std::vector<int> nodes;
  nodes.reserve(static_cast<std::size_t>(ranks));
  for (int rank = 0; rank < ranks; ++rank)
    nodes.push_back(rank / ranks_per_node);
  return nodes;
}

Simulation simulate(const Job& job, std::span<const SimulatedCall> calls) {
  require_numbered(job.nodes);
  World world(job.machine, job.nodes);
  SimulatedCommunicator comm(world, job.memory, job.tuning);
  for (const SimulatedCall& call : calls)
    comm.check(call);
  Simulation result;
  result.calls.assign(calls.size(), {.begin = std::numeric_limits<double>::infinity()});
  world.run([&](SimulatedRank& rank) { return run_calls(rank, comm, calls, result.calls); });
  for (std::size_t rank = 0; rank < job.nodes.size(); ++rank)
    result.traffic.push_back(world.rank(static_cast<int>(rank)).traffic());
  result.events = world.events();
  return result;
}

}  // namespace rondo::scaling
