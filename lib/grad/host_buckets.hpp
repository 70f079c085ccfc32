// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/comm/lane_tree.hpp"
#include "rondo/grad/arena.hpp"
#include "rondo/grad/compression.hpp"

#include "grad/buckets.hpp"
#include "grad/piece_squares.hpp"

namespace rondo::grad {

/// In the host's memory. Which memory is used for what is settled in the constructor (collective).
class HostBuckets final : public Buckets {
 public:
  HostBuckets(Arena& arena, comm::Communicator& comm, const HostBucketsOptions& options);

  void clear() override;
  void add_to_trailer(std::size_t element, float value) override;
  void keep(std::size_t bucket, std::size_t lane) override;
  void start(std::size_t bucket, std::size_t last_lane) override;
  /// Some parts are complete only with a later bucket.
  void finish_compressed() override;
  /// False with a compressor, whose parts must be completed in one order on all ranks.
  bool is_summed(std::size_t bucket) override;
  void finish(std::size_t bucket) override;
  void measure(std::size_t bucket) override;
  StepSums exchange(const telemetry::RankTimes& own) override;

  std::span<const double> squares() const noexcept override { return squares_.of_parameters(); }
  std::span<const telemetry::RankTimes> rank_times() const noexcept override {
    return squares_.times();
  }

  bool is_sharded() const noexcept override { return shards_ != nullptr; }
  std::span<float> reduced() noexcept override;
  std::size_t gradient_bytes() const override;
  std::size_t partial_sum_bytes() const override;

 private:
  void make_trees();
  std::span<float> gradients(std::size_t bucket);
  /// The part of reduced() that is this rank's shard of a bucket.
  std::span<float> shard(std::size_t bucket);
  std::unique_ptr<comm::Work> start_fast(std::size_t bucket);
  std::unique_ptr<comm::Work> start_fixed(std::size_t bucket, std::size_t last_lane);

  Arena& arena_;
  comm::Communicator& comm_;
  HostBucketsOptions options_;
  std::unique_ptr<comm::Memory> shards_;  // null where every rank holds everything
  std::vector<std::string> names_;        // of the buckets, in messages
  std::unique_ptr<comm::Memory> partials_;
  std::vector<comm::LaneTreeSum> trees_;  // in partials_, by bucket, with Reduction::fixed
  std::vector<std::unique_ptr<comm::Work>> works_;
  std::vector<std::unique_ptr<PendingSum>> compressed_;  // started, in that order
  PieceSquares squares_;
  std::vector<bool> released_;  // by bucket: its gradients are zero, without memory behind them
};

}  // namespace rondo::grad
