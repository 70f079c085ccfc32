// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rondo/scaling/model_table.hpp"
#include "rondo/scaling/simulation.hpp"

namespace rondo::scaling {

/// How fast a rank computes.
struct ComputeSpeed {
  double flops = 100e12;      ///< a second, as reached in training, not as advertised
  double row_seconds = 5e-6;  ///< at least, for each row of the table and direction: a launch
  std::size_t samples = 32;   ///< of one lane: computed together
};

/// What can be chosen for a run on a given machine.
struct StepOptions {
  std::size_t bucket_bytes = std::size_t{1} << 22;
  std::size_t lanes = 1;  ///< that a rank computes one after the other before it reduces
  NodeMemory memory = NodeMemory::shared;
  comm::CallOptions call = {};  ///< of the buckets' allreduces
};

/// One bucket's collective call.
struct BucketTime {
  std::size_t bytes = 0;
  double ready = 0;  ///< seconds from the step's begin, as the others
  double begin = 0;
  double end = 0;
};

/// One training step of a rank, all ranks alike.
struct StepTime {
  double compute_seconds = 0;  ///< forward and backward passes of its lanes
  double seconds = 0;          ///< until the last bucket is reduced
  std::vector<BucketTime> buckets = {};
  std::uint64_t events = 0;

  /// What communication adds.
  double exposed_seconds() const { return seconds - compute_seconds; }
  /// Weak scaling against one rank, which communicates nothing.
  double efficiency() const { return compute_seconds / seconds; }
  /// Of the buckets, one after the other.
  double communication_seconds() const;
};

/// When which bytes can be reduced: the buckets that grad::Layout cuts for so many ranks, with the
/// time at which the backward pass of the last lane completes them. One rank has none.
std::vector<BucketTime> bucket_times(const ModelTable& model, const ComputeSpeed& compute,
                                     const StepOptions& options, int ranks);

/// A step with allreduces that overlap with the backward pass as far as buckets are complete, as
/// with Progress::thread and a core to spare; the optimizer is not counted.
/// \throws as simulate()
StepTime simulate_step(const ModelTable& model, const ComputeSpeed& compute, const Machine& machine,
                       const std::vector<int>& nodes, const StepOptions& options);

struct ScalingPoint {
  int ranks = 1;
  StepTime time = {};
};

/// The step on each number of ranks, `ranks_per_node` consecutive ones on each node: the same work
/// a rank. \throws as simulate()
std::vector<ScalingPoint> weak_scaling(const ModelTable& model, const ComputeSpeed& compute,
                                       const Machine& machine, int ranks_per_node,
                                       std::span<const int> ranks, const StepOptions& options);

/// One choice and what it brings.
struct Knob {
  std::string name;  ///< "bucket of 16 MiB", "bf16 on the wire"
  StepOptions options;
  StepTime time = {};
};

/// The step as `base` has it and with one choice changed at a time: bucket sizes, memory of the
/// nodes, two and four lanes, short wires. `base` comes first, the others by efficiency, the best
/// first. \throws as simulate()
std::vector<Knob> compare_knobs(const ModelTable& model, const ComputeSpeed& compute,
                                const Machine& machine, const std::vector<int>& nodes,
                                const StepOptions& base);

}  // namespace rondo::scaling
