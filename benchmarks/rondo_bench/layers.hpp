// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"

#include "rondo_bench/step.hpp"

namespace rondo::bench {

/// One kernel of one layer: seconds a step, over all lanes of a rank, of every repeat.
struct KernelTimes {
  std::string layer;
  std::string work;
  std::vector<double> in_turn;  ///< one kernel after the other, as in a step
  std::vector<double> alone;    ///< the same kernel again and again
};

/// Where a step's time goes: seconds a step, of every repeat.
struct LayerTimes {
  std::vector<double> step;
  std::vector<double> passes;   ///< forward and backward of a rank's lanes, all in all
  std::vector<double> update;   ///< what follows: the rest of the reduction, and the optimizer
  std::vector<double> in_turn;  ///< the sum of the kernels
  std::vector<double> alone;
  std::vector<KernelTimes> kernels;
};

/// Times the trainer's step and the kernels of its layers on the same buffers, in turns, all ranks
/// at the same time; of every figure the slowest rank's, equal on all ranks.
///
/// Collective. \throws NumericError  as measure_step
LayerTimes measure_layers(comm::Communicator& comm, const StepOptions& options);

}  // namespace rondo::bench
