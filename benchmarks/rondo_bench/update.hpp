// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "rondo/comm/communicator.hpp"
#include "rondo/grad/reduction.hpp"

#include "measure/statistics.hpp"

namespace rondo::bench {

struct UpdateOptions {
  std::size_t gradient_bytes = std::size_t{64} << 20;
  std::size_t parameters = 64;  ///< of equal size
  std::size_t bucket_bytes = std::size_t{4} << 20;
  std::string optimizer = "adamw";
  grad::Reduction reduction = grad::Reduction::fast;
  std::size_t warmup = 2;    ///< steps of each way
  std::size_t repeats = 21;  ///< at least one
};

/// Seconds of a step behind the backward pass, on the slowest rank.
struct UpdateFigures {
  Summary apart = {};       ///< reduce-scatter, update, allgather
  Summary one_pass = {};    ///< new values are stored into all ranks' memory as they are computed
  double ratio = 0;         ///< median over the repeats of one_pass / apart
  std::uint64_t wrong = 0;  ///< values and slots, on all ranks, whose bits differ between the two
};

/// Two sessions with ZeRO-1, one of either way, step in turns on equal gradients, one lane a rank.
///
/// Collective, equal options; figures are equal on all ranks.
/// \throws ConfigError  the ranks are alone or not on one node, so that there is one way only
UpdateFigures measure_update(comm::Communicator& comm, const UpdateOptions& options);

}  // namespace rondo::bench
