// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "rondo/nn/network.hpp"
#include "rondo/train/session.hpp"

#include "measure/synthetic_batch.hpp"
#include "rondo_bench/step.hpp"

namespace rondo::bench {

/// The trainer's step without its reading of data.
class StepLoop {
 public:
  /// Collective.
  StepLoop(comm::Communicator& comm, const StepOptions& options);

  /// Collective.
  train::StepResult run();

  /// Runs `count` steps and returns their seconds on the slowest rank. Collective.
  double time_steps(std::size_t count);

  /// Warms up. Collective. \throws NumericError  the loss does not fall: a step does not do its
  /// work
  void warm_up(std::size_t steps);

  /// Seconds that this rank has spent so far: in all lanes' forward and backward passes, with what
  /// of the reduction happens meanwhile, and in what follows them.
  struct Parts {
    double passes = 0;
    double update = 0;
  };
  const Parts& parts() const noexcept { return parts_; }

  nn::Network& network() noexcept { return *network_; }
  /// Of this rank, in a step.
  std::size_t lanes() const noexcept { return batches_.size(); }

 private:
  comm::Communicator& comm_;
  std::unique_ptr<nn::Network> network_;
  train::Session session_;
  std::vector<SyntheticBatch> batches_;  // drawn once: the data never changes while the clock runs
  Parts parts_;
};

}  // namespace rondo::bench
