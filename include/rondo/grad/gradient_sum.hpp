// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/lane_tree.hpp"
#include "rondo/grad/arena.hpp"

namespace rondo::grad {

/// How the lanes' gradients are summed.
enum class Reduction : std::uint8_t {
  fast,   ///< each rank's lanes in place, then the fastest order over the ranks
  fixed,  ///< one tree over the lanes: the same bits on any number of ranks (lib/README.md)
};

constexpr std::string_view name_of(Reduction reduction) {
  return reduction == Reduction::fast ? "fast" : "fixed";
}

/// The step's sums over all lanes of all ranks.
struct StepSums {
  double weight = 0;   ///< sum of loss weights: the one denominator
  double loss = 0;     ///< sum of weight * loss
  double correct = 0;  ///< correctly classified samples
  bool stop = false;   ///< some rank asked to stop
};

/// \throws ConfigError  more ranks than lanes: a lane cannot be split. Local, alike on every rank
void check_lanes(int ranks, std::size_t lanes);

/// Sums the gradients of all lanes over all ranks, weights and all; nothing is divided here.
///
/// Accumulation and data parallelism are one mechanism: a step has a fixed number of lanes, a rank
/// runs the contiguous lanes `lanes()` one after another, and the sum over lanes does not ask where
/// a lane ran. A step: for each own lane in order `begin_lane`, add the lane's gradients to the
/// arena's, announcing each with `ready`, `end_lane`; then `finish`.
///
/// `finish` is collective, and with Reduction::fast `ready` is too: the last lane's complete
/// buckets start to travel at once, in the arena's order on every rank.
class GradientSum {
 public:
  /// Both references must outlive this object. Local.
  /// \throws ConfigError  more ranks than lanes
  GradientSum(Arena& arena, comm::Communicator& comm, std::size_t lanes, Reduction reduction);
  GradientSum(const GradientSum&) = delete;
  GradientSum& operator=(const GradientSum&) = delete;

  comm::LaneRange lanes() const noexcept { return range_; }
  std::size_t total_lanes() const noexcept { return lanes_; }

  /// \throws UsageError  not the lane whose turn it is
  void begin_lane(std::size_t lane, double weight);

  /// The gradient of `parameter` is complete for the current lane. Advances what travels already.
  /// \throws UsageError  twice in one lane; CommError
  void ready(std::size_t parameter);

  /// The lane's loss sum and hits. Parameters not announced have a gradient of zero from this lane.
  void end_lane(double loss, double correct);

  /// Collective. Afterwards the arena's gradients hold the total on every rank; the next begin_lane
  /// clears them. \throws UsageError  a lane is missing.  \throws CommError
  StepSums finish(bool stop_wanted);

 private:
  struct LaneSums {
    double weight = 0, loss = 0, correct = 0;
  };

  std::span<float> trailer(const Bucket& bucket);
  void start_complete_buckets();
  void start(const Bucket& bucket);
  void reduce_in_lane_order();
  bool on_last_lane() const noexcept { return next_lane_ + 1 == range_.end; }

  Arena& arena_;
  comm::Communicator& comm_;
  std::size_t lanes_;
  Reduction reduction_;
  comm::LaneRange range_;
  std::size_t next_lane_;
  bool in_lane_ = false;
  std::vector<bool> announced_;           // by parameter, current lane
  std::vector<std::size_t> bucket_of_;    // by parameter
  std::vector<std::size_t> outstanding_;  // by bucket, parameters not yet announced
  std::size_t started_ = 0;               // buckets on their way, in order
  std::vector<std::unique_ptr<comm::Work>> works_;
  std::optional<comm::LaneTreeSum> tree_;  // fixed only
};

}  // namespace rondo::grad
