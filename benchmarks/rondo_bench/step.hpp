// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"
#include "rondo/grad/reduction.hpp"
#include "rondo/precision/policy.hpp"

namespace rondo::bench {

struct StepOptions {
  std::string model = "cnn";
  Precision precision = Precision::f32;
  grad::Reduction reduction = grad::Reduction::fast;
  std::string compression = "none";
  std::optional<std::size_t> bucket_bytes = {};  ///< default: measured
  std::size_t lanes = 2;
  std::size_t batch = 64;  ///< samples a lane
  int threads = 1;         ///< a rank
  std::size_t warmup = 20;
  std::size_t steps = 20;  ///< in one repeat
  std::size_t repeats = 7;
};

/// Samples per second of the trainer's whole step without reading: forward, backward, reduction
/// over all ranks, optimizer; one figure a repeat, the slowest rank's, equal on all ranks.
///
/// Collective. \throws NumericError  the loss does not fall: the step is not doing its work
std::vector<double> measure_step(comm::Communicator& comm, const StepOptions& options);

}  // namespace rondo::bench
