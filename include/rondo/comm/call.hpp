// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "rondo/base/dtype.hpp"
#include "rondo/comm/lane_tree.hpp"

namespace rondo::comm {

/// `avg` is the sum divided by the number of ranks; integers are truncated toward zero. Integer
/// sums wrap around on overflow, u8 at 256. A NaN wins over any number in `min` and `max`.
enum class ReduceOp : std::uint8_t { sum = 0, avg = 1, min = 2, max = 3 };

enum class Collective : std::uint8_t {
  allreduce,
  reduce_scatter,
  allgather,
  broadcast,
  barrier,
  allreduce_lanes,
  reduce_scatter_lanes,
  all_to_all
};

/// Sums over lanes, in the order of the lane tree.
constexpr bool is_over_lanes(Collective collective) {
  return collective == Collective::allreduce_lanes ||
         collective == Collective::reduce_scatter_lanes;
}

/// How ranks work together on one collective; lib/comm/README.md says which does what and when.
enum class Algorithm : std::uint8_t {
  automatic,           ///< the tuning table's choice
  ring,                ///< segments along a ring: least traffic, p-1 steps
  recursive_doubling,  ///< whole vectors in log2 p steps: least latency
  rabenseifner,        ///< recursive halving, then doubling: least traffic in log2 p steps
  direct,              ///< everybody with everybody: least traffic in one step each way
  one_shot,            ///< everybody gets everybody's input, with the signatures: short calls
  tree,                ///< binomial, for short messages
  pipelined_tree,      ///< binary, in segments: long messages, many ranks
  hierarchical,        ///< shared memory inside nodes, every rank's slice between them
  shared               ///< loads and stores in the node's memory; all ranks are on one node
};

/// The type in which f32 elements travel between nodes. Sums stay f32; each hop rounds once.
enum class Wire : std::uint8_t { exact, bf16, f16 };

/// What all ranks may choose alike for one call.
struct CallOptions {
  Algorithm algorithm = Algorithm::automatic;
  Wire wire = Wire::exact;  ///< for allreduce and reduce_scatter of f32
  /// Tells calls of equal shape apart in messages and in the check that all ranks make the same
  /// ones. 31 characters at most are shown. Must live until the operation was started.
  std::string_view name = {};
};

/// One collective call, as a rank makes it. What is not used by its collective keeps its default.
struct Call {
  Collective collective = Collective::barrier;
  DType dtype = DType::u8;  ///< of what is reduced
  ReduceOp op = ReduceOp::sum;
  int root = 0;
  std::span<const std::byte> input = {};
  std::span<std::byte> output = {};
  std::span<const LaneNode> nodes = {};  ///< of the sums over lanes
  std::size_t lanes = 0;
  CallOptions options = {};
};

/// "allreduce", "ring", "bf16", "sum": as options and messages spell them.
std::string_view name_of(Collective collective);
std::string_view name_of(Algorithm algorithm);
std::string_view name_of(Wire wire);
std::string_view name_of(ReduceOp op);

}  // namespace rondo::comm
