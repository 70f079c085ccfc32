// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/lane_tree.hpp"
#include "rondo/grad/arena.hpp"
#include "rondo/grad/device_gradients.hpp"
#include "rondo/grad/layout.hpp"
#include "rondo/grad/reduction.hpp"
#include "rondo/grad/sharding.hpp"
#include "rondo/telemetry/skew.hpp"

namespace rondo::grad {

/// The step's sums over all lanes of all ranks.
struct StepSums {
  double weight = 0;     ///< sum of loss weights: the one denominator
  double loss = 0;       ///< sum of weight * loss
  double correct = 0;    ///< correctly classified samples
  bool stop = false;     ///< some rank asked to stop
  bool complete = true;  ///< some lane announced every parameter
};

/// \throws ConfigError  more ranks than lanes: a lane cannot be split. Local, alike on every rank
void check_lanes(int ranks, std::size_t lanes);

class Buckets;
class Compressor;
class DeviceCompressor;

/// Sums the gradients of all lanes over all ranks, weights and all; nothing is divided here.
///
/// Accumulation and data parallelism are one mechanism: a step has a fixed number of lanes, a rank
/// runs the contiguous lanes `lanes()` one after another, and the sum over lanes does not ask where
/// a lane ran. A step: for each own lane in order `begin_lane`, add the lane's gradients to the
/// arena's, announcing each with `ready`, `end_lane`; then `finish`.
///
/// The constructor and `finish` are collective, and so is `ready` in a rank's last lane: complete
/// buckets start to travel at once, in the arena's order on every rank. Until then nothing is sent.
class GradientSum {
 public:
  /// The arena must be one for the ranks of `comm`; both must outlive this object. So must a
  /// compressor, made for the arena's layout: the sums over the ranks are its own then.
  /// \throws ConfigError  more ranks than lanes
  /// \throws UsageError   a compressor with what check_compression() refuses
  GradientSum(Arena& arena, comm::Communicator& comm, std::size_t lanes, Reduction reduction,
              Sharding sharding = Sharding::none, Compressor* compressor = nullptr);
  /// With the gradients in a GPU's memory, which `layout` describes; both must outlive this object.
  /// A bucket is sent behind the work that the stream was given before ready(); finish() waits for
  /// it all. Everything is the same, and with Reduction::fixed so are the bits. Shards stay where
  /// they are among the gradients, whose pieces are then those of this rank. A compressor is one of
  /// the same layout and gradients.
  /// \throws ConfigError  more ranks than lanes; DeviceError  out of memory
  /// \throws UsageError   a compressor with what check_compression() refuses
  GradientSum(const Layout& layout, const DeviceGradients& gradients, comm::Communicator& comm,
              std::size_t lanes, Reduction reduction, Sharding sharding = Sharding::none,
              DeviceCompressor* compressor = nullptr);
  ~GradientSum();
  GradientSum(const GradientSum&) = delete;
  GradientSum& operator=(const GradientSum&) = delete;

  comm::LaneRange lanes() const noexcept { return range_; }
  std::size_t total_lanes() const noexcept { return lanes_; }

  /// Weights add up in f32: exactly, while they are whole numbers and their sum is at most 2^24.
  /// \throws UsageError  not the lane whose turn it is, or a weight below 0 or not finite
  void begin_lane(std::size_t lane, double weight);
  /// Several lanes, whose gradients the caller has added up: as begin_lane() of each, and one
  /// ready() and end_lane() for all. \throws UsageError  as above, or Reduction::fixed, which adds
  /// lanes in an order of its own
  void begin_lanes(comm::LaneRange lanes, double weight);

  /// The gradient of `parameter` is complete for the current lane and must not be touched until the
  /// next one begins. Advances what travels already.
  /// \throws UsageError  twice in one lane, or no such parameter; CommError
  void ready(std::size_t parameter);

  /// The lane's loss sum and hits. What was not announced is taken as it is: the gradient of a
  /// parameter that the lane does not touch is zero there.
  void end_lane(double loss, double correct);
  /// The same of two numbers that the stream's work leaves in the GPU's memory. \throws UsageError
  ///   gradients are not there
  void end_lane(DeviceSpan<const float> loss_and_correct);

  /// Afterwards reduced() and squares() hold the total, until the next begin_lane clears both and
  /// the gradients.
  /// \throws UsageError  a lane is missing.  \throws CommError
  StepSums finish(bool stop_wanted);

  /// The parameters that no lane of any rank has announced in the step that finish() ended: none
  /// where StepSums::complete says so, which spares this call its message. Collective.
  std::vector<std::size_t> unannounced();

  /// This rank's clock of its steps, which `finish` reads and starts anew. Whoever knows tells it
  /// what went into data and checkpoints; waits for other ranks are known here.
  telemetry::StepTimes& times() noexcept { return times_; }
  /// By rank, what each did with the time between the last step's exchange and this one's: they
  /// travel with the squares. All zeros in the first step.
  std::span<const telemetry::RankTimes> rank_times() const noexcept;

  /// Whether reduced() holds this rank's shards only. Never with one rank.
  bool is_sharded() const noexcept;
  /// The totals: all of the arena's gradients, or this rank's shards, one bucket's after another
  /// (Layout::shard_offset). The caller may use the memory until the next begin_lane; a bucket's
  /// shard until all of its parameters are announced in the rank's next last lane, and collectives
  /// that were started on it before go on.
  std::span<float> reduced() noexcept;
  /// For each parameter, as registered, the sum of squares of its totals (strided_sum() of those of
  /// its pieces); not finite where one of them is not. The same bits on every rank and, with
  /// Reduction::fixed, for any number of ranks, bucket size and sharding.
  std::span<const double> squares() const noexcept;
  /// Bytes of the arena's gradients that have memory behind them: after finish() none with
  /// Sharding::zero2, unless the system cannot take them back. Measured, as resident_bytes() does.
  std::size_t gradient_bytes() const;
  /// The same of the sums that wait for later lanes.
  std::size_t partial_sum_bytes() const;
  /// All that gradients and their sums take of a GPU's memory.
  std::size_t device_bytes() const;

 private:
  using MakeBuckets = std::function<std::unique_ptr<Buckets>()>;

  /// `make_buckets` is called once nothing speaks against the lanes.
  GradientSum(const Layout& layout, comm::Communicator& comm, std::size_t lanes,
              Reduction reduction, const MakeBuckets& make_buckets);

  void leave_lane();
  void count_ready(std::size_t bucket);
  void start_complete_buckets();
  void finish_summed_buckets();
  void start_next_bucket(std::size_t last_lane);
  void wait_for_next_bucket();
  void measure_next_bucket();
  bool on_last_lane() const noexcept { return lanes_end_ == range_.end; }

  const Layout& layout_;
  comm::Communicator& comm_;
  std::size_t lanes_;
  Reduction reduction_;
  comm::LaneRange range_;
  std::unique_ptr<Buckets> buckets_;
  telemetry::StepTimes times_;
  std::size_t next_lane_;
  std::size_t lanes_end_ = 0;  // of the lanes at hand
  bool in_lane_ = false;
  bool has_gradients_ = false;            // the current lane, announced
  std::vector<bool> announced_;           // by parameter, current lane
  std::vector<std::uint8_t> seen_;        // by parameter, 1: announced in a lane of this rank
  std::vector<std::size_t> touching_;     // by bucket, how many parameters touch it
  std::vector<std::size_t> outstanding_;  // by bucket, of these not yet announced
  std::vector<std::int64_t> starts_;      // by bucket, on telemetry::trace_now(), if it is traced
  std::size_t started_ = 0;               // buckets on their way or beyond, in order
  std::size_t finished_ = 0;              // of these summed and measured
};

}  // namespace rondo::grad
