// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/comm/communicator.hpp"
#include "rondo/comm/device_lane_tree.hpp"
#include "rondo/grad/device_compression.hpp"
#include "rondo/grad/device_gradients.hpp"
#include "rondo/grad/layout.hpp"
#include "rondo/precision/device_norm.hpp"

#include "grad/buckets.hpp"

namespace rondo::grad {

/// In a GPU's memory. Nothing waits for the GPU before `measure`: buckets travel on a stream of
/// their own, each behind the work that completes it, beside what lanes still compute.
///
/// Without sharding every rank holds the sums of everything, alike in every bit, so each measures
/// all of them; with it each measures its shards, which stay in their place among the gradients.
/// What the ranks exchange through the host is their times only.
class DeviceBuckets final : public Buckets {
 public:
  /// \throws DeviceError  out of memory
  DeviceBuckets(const Layout& layout, const DeviceGradients& gradients, comm::Communicator& host,
                std::size_t lanes, Reduction reduction, Sharding sharding,
                DeviceCompressor* compressor);

  void clear() override;
  void add_to_trailer(std::size_t element, float value) override;
  void add_to_trailer(DeviceSpan<const float> loss_and_correct) override;
  void keep(std::size_t bucket, std::size_t lane) override;
  void start(std::size_t bucket, std::size_t last_lane) override;
  /// On the GPU the rounds of all buckets follow each other by themselves.
  void finish_compressed() override {}
  /// The host need not know: all sums are measured at once.
  bool is_summed(std::size_t) override { return false; }
  void finish(std::size_t) override {}
  /// Waits for this rank's part of the work, which is no waiting for others.
  void measure(std::size_t bucket) override { complete_[bucket].wait(); }
  StepSums exchange(const telemetry::RankTimes& own) override;

  std::span<const double> squares() const noexcept override { return squares_; }
  std::span<const telemetry::RankTimes> rank_times() const noexcept override { return times_; }

  bool is_sharded() const noexcept override { return sharded_; }
  std::span<float> reduced() noexcept override { return {}; }
  std::size_t gradient_bytes() const override { return 0; }
  std::size_t partial_sum_bytes() const override { return 0; }
  std::size_t device_bytes() const override;

 private:
  using LaneTrailer = std::array<float, Trailer::elements>;

  DeviceSpan<float> bucket(std::size_t index) const;
  DeviceSpan<float> shard(std::size_t index) const;
  DeviceSpan<float> trailer() const;
  void start_fast(std::size_t bucket);
  void exchange_shards();
  bool is_last(std::size_t bucket) const { return bucket + 1 == complete_.size(); }
  void add_lane_trailer();
  void exchange_times(const telemetry::RankTimes& own);

  const Layout& layout_;
  DeviceGradients gradients_;
  comm::Communicator& host_;
  std::size_t lanes_;
  bool sharded_;
  DeviceCompressor* compressor_;                // sums over the ranks, or null
  std::size_t partial_sums_ = 0;                // of a bucket, at a time
  DeviceStream& sums_;                          // the buckets, on their way
  std::vector<DeviceEvent> complete_;           // by bucket: this rank's part is done
  std::vector<comm::DeviceLaneTreeSum> trees_;  // by bucket, with Reduction::fixed
  precision::GradientNorm norm_;
  LaneTrailer lane_trailer_{};         // what the host knows of the lanes since the last one
  std::size_t sent_trailers_ = 0;      // of this step
  PinnedMemory<float> sent_;           // of each lane
  DeviceMemory<float> received_;       // the same, of one
  PinnedMemory<float> total_trailer_;  // of the last step
  PinnedMemory<double> sent_squares_;  // of the last step, by parameter as they lie in the arena
  std::vector<double> squares_;        // the same as they were registered
  std::vector<telemetry::RankTimes> times_;
  std::uint64_t step_ = 0;
};

}  // namespace rondo::grad
