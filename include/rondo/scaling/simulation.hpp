// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rondo/comm/call.hpp"
#include "rondo/comm/tuning.hpp"
#include "rondo/scaling/machine.hpp"

namespace rondo::scaling {

/// Whether ranks of one node work together in its memory, as communicators do, or by messages.
enum class NodeMemory : std::uint8_t { shared, unused };

/// Who takes part, on which machine.
struct Job {
  Machine machine = {};
  std::vector<int> nodes = {};  ///< by rank, its node; numbered in the order of their lowest ranks
  NodeMemory memory = NodeMemory::shared;
  std::shared_ptr<const comm::Tuning> tuning = {};  ///< null: the built-in one
};

/// `ranks` ranks, `ranks_per_node` consecutive ones on each node.
std::vector<int> equal_nodes(int ranks, int ranks_per_node);

/// One collective call, the same on all ranks.
struct SimulatedCall {
  comm::Collective collective = comm::Collective::allreduce;
  std::size_t bytes = 0;  ///< of the longer buffer of a rank: all blocks where each has one
  DType dtype = DType::f32;
  comm::ReduceOp op = comm::ReduceOp::sum;
  int root = 0;
  std::size_t lanes = 0;  ///< of sums over lanes
  comm::CallOptions options = {};
  double ready = 0;  ///< seconds: no rank enters the call earlier, and none before the last one
};

struct CallTime {
  double begin = 0;  ///< when the first rank enters it
  double end = 0;    ///< when the last one leaves it
};

/// What a rank sends.
struct Traffic {
  std::size_t messages = 0;
  std::size_t bytes_inside_node = 0;
  std::size_t bytes_between_nodes = 0;

  friend bool operator==(const Traffic&, const Traffic&) = default;
};

struct Simulation {
  std::vector<CallTime> calls;   ///< in the order of the calls
  std::vector<Traffic> traffic;  ///< by rank
  std::uint64_t events = 0;      ///< that the simulator worked off
};

/// Runs the calls, one after the other on every rank, by the library's own schedules: its choice of
/// algorithms, its comparison of calls, its messages. Elements do not exist, so any length will do.
/// Sums over lanes go as they do outside the memory of Communicator::allocate(), other calls as
/// inside it. Deterministic. Local.
/// \throws ConfigError  the machine is none  \throws UsageError  nodes are not numbered so, or no
/// communicator would make a call
Simulation simulate(const Job& job, std::span<const SimulatedCall> calls);

}  // namespace rondo::scaling
