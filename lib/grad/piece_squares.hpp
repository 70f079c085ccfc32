// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/grad/gradient_sum.hpp"
#include "rondo/grad/layout.hpp"
#include "rondo/telemetry/skew.hpp"

namespace rondo::grad {

/// Sums of squares of all pieces, each computed by the rank whose shard the piece lies in.
///
/// Together with them travel the step's trailer and what every rank did with its time. All of it is
/// f64 and has one contributor, the others add zeros: the sum is exact and the same bits on all
/// ranks.
class PieceSquares {
 public:
  /// Collective.
  PieceSquares(const Layout& layout, comm::Communicator& comm);

  /// Forgets the last step.
  void clear();
  /// Reads this rank's shard of a bucket, best while it is in the cache.
  void measure(ElementRange bucket, std::span<const float> shard);
  /// What this rank did with its time up to now, for all to see.
  void report(const telemetry::RankTimes& times);
  /// Collective, once all buckets were measured: the pieces of all ranks, the trailer, the times.
  StepSums exchange();

  /// By parameter, as registered; of the last exchange.
  std::span<const double> of_parameters() const noexcept { return of_parameters_; }
  /// By rank, as the last exchange brought them.
  std::span<const telemetry::RankTimes> times() const noexcept { return times_; }

 private:
  void add_up_parameters();
  std::span<double> reports() noexcept {
    return all_.subspan(layout_.pieces().size(), telemetry::cause_count * times_.size());
  }

  const Layout& layout_;
  comm::Communicator& comm_;
  std::vector<double> of_parameters_;
  std::vector<telemetry::RankTimes> times_;
  std::unique_ptr<comm::Memory> memory_;
  std::span<double>
      all_;  // of the pieces, then the times of each rank, then the trailer's elements
};

}  // namespace rondo::grad
