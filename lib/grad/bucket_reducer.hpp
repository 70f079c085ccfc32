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
#include "rondo/grad/gradient_sum.hpp"

namespace rondo::grad {

/// Brings buckets of an arena from the sums of lanes to the sums over all ranks.
///
/// For each bucket and step: `keep` after every lane but the rank's last, `start` after the last
/// (collective, in one order on all ranks), `finish_compressed` for all, `finish`. Which memory is
/// used for what is settled in the constructor (collective).
class BucketReducer {
 public:
  struct Options {
    std::size_t lanes = 1;
    Reduction reduction = Reduction::fast;
    Sharding sharding = Sharding::none;
    Compressor* compressor = nullptr;  ///< sums over the ranks, in place of the communicator
  };

  BucketReducer(Arena& arena, comm::Communicator& comm, const Options& options);

  /// Gradients of all buckets become zero.
  void clear();
  /// `lane` has added its gradients; another lane of this rank will follow.
  void keep(std::size_t bucket, std::size_t lane);
  void start(std::size_t bucket, std::size_t last_lane);
  /// Completes what a compressor sums, in all buckets: some parts are complete only with a later
  /// bucket. Collective.
  void finish_compressed();
  /// Whether finish() of a started bucket would return or throw at once. Local. False with a
  /// compressor, whose parts must be completed in one order on all ranks.
  bool is_summed(std::size_t bucket);
  void finish(std::size_t bucket);

  bool is_sharded() const noexcept { return shards_ != nullptr; }
  /// The totals: all of the arena's gradients, or this rank's shards.
  std::span<float> reduced() noexcept;
  /// The part of reduced() that is this rank's shard of a bucket.
  std::span<float> shard(std::size_t bucket);
  /// The memory of sums that wait for later lanes.
  std::span<const std::byte> partial_sums() const noexcept;

 private:
  void make_trees();
  std::span<float> gradients(std::size_t bucket);
  std::unique_ptr<comm::Work> start_fast(std::size_t bucket);
  std::unique_ptr<comm::Work> start_fixed(std::size_t bucket, std::size_t last_lane);

  Arena& arena_;
  comm::Communicator& comm_;
  Options options_;
  std::unique_ptr<comm::Memory> shards_;  // null where every rank holds everything
  std::vector<std::string> names_;        // of the buckets, in messages
  std::unique_ptr<comm::Memory> partials_;
  std::vector<comm::LaneTreeSum> trees_;  // in partials_, by bucket, with Reduction::fixed
  std::vector<std::unique_ptr<comm::Work>> works_;
  std::vector<std::unique_ptr<PendingSum>> compressed_;  // started, in that order
  std::vector<bool> released_;  // by bucket: its gradients are zero, without memory behind them
};

}  // namespace rondo::grad
