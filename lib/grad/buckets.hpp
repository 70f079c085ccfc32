// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "rondo/base/device_span.hpp"
#include "rondo/base/error.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/grad/gradient_sum.hpp"
#include "rondo/telemetry/skew.hpp"

namespace rondo::grad {

/// The gradients of a GradientSum, in whatever memory they lie: brings them bucket by bucket from
/// the sums of lanes to the sums over all ranks.
///
/// For each bucket and step: `keep` after every lane but the rank's last, `start` after the last
/// (collective, in one order on all ranks), `finish_compressed` for all, `finish`, `measure`; then
/// `exchange` (collective).
class Buckets {
 public:
  virtual ~Buckets() = default;

  /// Gradients, trailer and squares of all buckets become zero.
  virtual void clear() = 0;
  /// Adds to what the current lane has in the trailer.
  virtual void add_to_trailer(std::size_t element, float value) = 0;
  /// The same of two elements that a GPU has, where gradients are in its memory.
  virtual void add_to_trailer(DeviceSpan<const float> loss_and_correct) {
    static_cast<void>(loss_and_correct);
    throw UsageError("the loss of a lane is in a GPU's memory, the session's gradients are not");
  }
  /// `lane` has added its gradients; another lane of this rank will follow.
  virtual void keep(std::size_t bucket, std::size_t lane) = 0;
  virtual void start(std::size_t bucket, std::size_t last_lane) = 0;
  /// Completes what a compressor sums, in all buckets. Collective.
  virtual void finish_compressed() = 0;
  /// Whether finish() of a started bucket would return or throw at once. Local.
  virtual bool is_summed(std::size_t bucket) = 0;
  virtual void finish(std::size_t bucket) = 0;
  /// The sums of squares of this rank's shard of a finished bucket.
  virtual void measure(std::size_t bucket) = 0;
  /// The squares, the trailer, and for all to see what this rank did with its time.
  virtual StepSums exchange(const telemetry::RankTimes& own) = 0;

  /// As GradientSum's, after exchange().
  virtual std::span<const double> squares() const noexcept = 0;
  virtual std::span<const telemetry::RankTimes> rank_times() const noexcept = 0;

  virtual bool is_sharded() const noexcept = 0;
  virtual std::span<float> reduced() noexcept = 0;
  virtual std::size_t gradient_bytes() const = 0;
  virtual std::size_t partial_sum_bytes() const = 0;
  virtual std::size_t device_bytes() const { return 0; }
};

struct HostBucketsOptions {
  std::size_t lanes = 1;
  Reduction reduction = Reduction::fast;
  Sharding sharding = Sharding::none;
  Compressor* compressor = nullptr;  ///< sums over the ranks, in place of the communicator
};

/// In the memory of `arena`. Collective.
std::unique_ptr<Buckets> make_host_buckets(Arena& arena, comm::Communicator& comm,
                                           const HostBucketsOptions& options);

}  // namespace rondo::grad
