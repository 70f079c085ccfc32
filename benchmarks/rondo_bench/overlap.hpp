// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/grad/reduction.hpp"
#include "rondo/grad/sharding.hpp"

#include "measure/statistics.hpp"
#include "measure/synthetic_work.hpp"

namespace rondo::bench {

struct OverlapOptions {
  std::size_t gradient_bytes = std::size_t{64} << 20;
  std::size_t parameters = 64;                   ///< of equal size
  std::optional<std::size_t> bucket_bytes = {};  ///< default: measured, grad::measure_bucket_size()
  grad::Reduction reduction = grad::Reduction::fast;
  grad::Sharding sharding = grad::Sharding::none;  ///< of measure_sharded_overlap()
  Backward backward = Backward::clock;
  /// The pass looks after the collectives this often, beside each parameter's ready().
  std::chrono::microseconds poll_interval{500};
  std::vector<double> ratios = {0.25, 0.5, 0.75, 1.0};  ///< communication / computation
  std::size_t warmup = 2;                               ///< steps
  std::size_t repeats = 7;
};

/// Of one ratio; seconds are the slowest rank's.
struct OverlapFigures {
  double ratio = 0;
  Summary communication = {};  ///< the reduction of all gradients, nothing else
  Summary computation = {};    ///< the backward pass, nothing else
  Summary step = {};           ///< both at once
  double over_bound = 0;  ///< median over the repeats of step / max(communication, computation)
  std::uint64_t wrong = 0;
};

/// How much of the reduction hides behind a backward pass of known length, with one lane a rank.
///
/// Collective, equal options, a bucket size among them; figures are equal on all ranks.
/// \throws CommError
std::vector<OverlapFigures> measure_overlap(comm::Communicator& comm,
                                            const OverlapOptions& options);

}  // namespace rondo::bench
