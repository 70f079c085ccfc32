// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/comm/communicator.hpp"

namespace rondo::comm {

/// From `least` to `most`, both included.
struct CountRange {
  int least = 1;
  int most = std::numeric_limits<int>::max();

  bool contains(int count) const noexcept { return least <= count && count <= most; }
  friend bool operator==(const CountRange&, const CountRange&) = default;
};

/// "`collective` goes by `algorithm`" where all of the rest holds. What kind of memory the buffers
/// lie in is no condition: each rank decides that alone, and all must choose alike.
// In the order in which it reads. NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct TuningRule {
  Collective collective = Collective::allreduce;
  Algorithm algorithm = Algorithm::ring;
  CountRange ranks = {};
  CountRange nodes = {};
  std::size_t max_bytes = std::numeric_limits<std::size_t>::max();  ///< as bytes_of() counts them
  std::optional<DType> dtype = {};  ///< of allreduce and reduce_scatter

  friend bool operator==(const TuningRule&, const TuningRule&) = default;
};

/// Where the ways to work in a node's memory change. `hierarchical` takes the defaults, and stores
/// through the cache.
struct SharedMemoryTuning {
  std::size_t one_shot_bytes = 4096;  ///< up to here one copy and one synchronisation
  std::size_t streaming_bytes = std::size_t{8} << 20;        ///< working set stored past the cache
  std::size_t staging_chunk_bytes = std::size_t{128} << 10;  ///< of buffers outside the arena

  friend bool operator==(const SharedMemoryTuning&, const SharedMemoryTuning&) = default;
};

/// How messages between nodes are cut.
struct TransportTuning {
  std::size_t segment_bytes = std::size_t{128} << 10;
  std::size_t receives_ahead = 8;  ///< segments
  /// The inputs of all ranks together that they show each other with their signatures, for
  /// one_shot. Above, no rule for it holds, and if a call asks for it, it comes after the
  /// signatures.
  std::size_t one_shot_bytes = std::size_t{32} << 10;
  /// Calls up to here work on a copy while their signatures are compared; longer ones wait for it.
  std::size_t copy_limit_bytes = std::size_t{64} << 10;

  friend bool operator==(const TransportTuning&, const TransportTuning&) = default;
};

/// What was measured of one machine: which algorithm serves which call, and sizes.
///
/// The first rule that holds decides, if its algorithm fits(); where none does, the built-in table
/// goes on. All ranks of a communicator have an equal one. `rondo-bench tune` writes the file that
/// the environment variable RONDO_TUNING names; rank 0 reads it for all, and what is wrong with it
/// is every rank's ConfigError (exit code 78) when a communicator is made.
struct Tuning {
  std::vector<TuningRule> rules = {};
  SharedMemoryTuning shared_memory = {};
  TransportTuning transport = {};
  std::string origin = "the program's table";  ///< its file, for explanations
};

/// The rules for any machine, from a model of latency and bandwidth.
std::span<const TuningRule> built_in_rules();

/// The bytes that decide on a call's algorithm: of the longer one of its buffers.
inline std::size_t bytes_of(const Call& call) {
  return call.input.size() > call.output.size() ? call.input.size() : call.output.size();
}

/// The algorithms that `collective` has, whatever the place; the first fits everywhere.
std::vector<Algorithm> algorithms_of(Collective collective);

/// Whether ranks placed like this can run `collective` by `algorithm`: it has it, `shared` finds
/// all of them on one node, `hierarchical` several on some of several nodes; where every rank has a
/// block of its own (reduce_scatter, allgather), equally many on each.
bool fits(Algorithm algorithm, Collective collective, const Place& place);

/// As a JSON document, which parse_tuning() reads.
std::string to_json(const Tuning& tuning);

/// What is left out keeps its default. `file` is for messages, and the result's origin.
/// \throws ConfigError  naming file, key, value and what is allowed
Tuning parse_tuning(std::string_view text, const std::string& file);

}  // namespace rondo::comm
