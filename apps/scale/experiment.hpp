// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "rondo/comm/communicator.hpp"

#include "scale/step.hpp"

namespace rondo::scale {

enum class Mode : std::uint8_t {
  weak,   ///< every rank does as much as one rank alone
  strong  ///< all ranks together do as much as one rank alone
};

constexpr std::string_view name_of(Mode mode) {
  return mode == Mode::weak ? "weak" : "strong";
}

struct Plan {
  Mode mode = Mode::weak;
  std::vector<int> ranks = {};  ///< growing; each measures the first so many ranks of the job
  std::size_t warmup = 1;       ///< steps before each lap
  std::size_t steps = 5;        ///< of a lap
  std::size_t repeats = 7;      ///< rounds over all rank counts
};

/// The steps of one lap, by rank.
using Steps = std::vector<std::vector<StepTimes>>;

/// One rank count in one round. Of the ranks that take part, equal on all of them.
struct Piece {
  double seconds = 0;  ///< a whole step, of the slowest rank, by the clock from barrier to end
  double usual_seconds = 0;             ///< the same, on average over the ranks
  double reduction = 0;                 ///< as `seconds`, of steps whose passes take no time
  std::vector<double> cores_busy = {};  ///< CPU time of a rank in whole steps / their time
  Steps whole = {};
  Steps together = {};  ///< all ranks compute at the same time, each on its own
  Steps alone = {};     ///< one rank of each node does; the others idle, and have no steps
};

/// Of one rank count; the pieces are the rounds'. Ranks that never take part have none.
struct Measurement {
  int ranks = 1;
  int nodes = 1;
  std::vector<Piece> pieces = {};
};

/// What is measured at each of the plan's rank counts.
struct Work {
  /// The steps of the plan's `count`-th rank count. Collective over `comm`.
  std::function<std::unique_ptr<TrainingStep>(std::size_t count, comm::Communicator& comm,
                                              Kind kind, double share)>
      make;
  /// Each on the ranks that take part, before the first round and after the last one. Collective.
  std::function<void(std::size_t count, comm::Communicator& comm)> before = {};
  std::function<void(std::size_t count, comm::Communicator& comm)> after = {};
  /// On every rank, after so many rounds in so many seconds; may be empty. Local.
  std::function<void(std::size_t rounds, double seconds)> after_round = {};
};

/// Measures all rank counts in turns, forth and back, so that a machine that drifts favours none.
/// Ranks that a piece leaves out sleep meanwhile. The measurements are equal on the ranks that took
/// part, rank 0 among them.
///
/// Collective. \throws CommError
std::vector<Measurement> measure(comm::Communicator& job, const Plan& plan, const Work& work);

/// By rank, on average over the rounds: what share of a CPU it kept busy in whole steps.
std::vector<double> cores_busy(const Measurement& measurement);

/// What one of `ranks` does of one rank's work.
double share_of(Mode mode, int ranks);

}  // namespace rondo::scale
