// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "rondo/comm/communicator.hpp"

#include "measure/statistics.hpp"
#include "rondo_bench/overlap.hpp"

namespace rondo::bench {

/// Of one ratio; seconds of a step, on the slowest rank.
struct ShardedFigures {
  double ratio = 0;
  Summary communication = {};  ///< nothing computed
  Summary computation = {};    ///< forward and backward pass, nothing else
  Summary in_step = {};        ///< values are gathered before the step ends
  Summary in_forward = {};     ///< values are gathered while the next forward pass runs
  double gain = 0;             ///< median over the repeats of in_forward / in_step
  double over_bound = 0;       ///< median of in_forward / max(communication, computation)
  std::uint64_t wrong = 0;     ///< values, on all ranks, whose bits differ between the two
};

/// Whole steps of a trainer with OverlapOptions::sharding, with and without the gather of values
/// behind the next forward pass: two sessions in turns on equal gradients, one lane a rank. The
/// forward pass takes a third of the computation.
///
/// Collective, equal options; figures are equal on all ranks. \throws CommError
std::vector<ShardedFigures> measure_sharded_overlap(comm::Communicator& comm,
                                                    const OverlapOptions& options);

}  // namespace rondo::bench
