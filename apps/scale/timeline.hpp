// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rondo/comm/communicator.hpp"

#include "scale/step.hpp"

namespace rondo::scale {

/// One thing that took its time, in seconds since the step began.
struct Bar {
  std::string name = {};
  double begin = 0;
  double end = 0;
  std::size_t bytes = 0;
};

/// One step of one rank.
struct Timeline {
  std::vector<Bar> phases = {};
  std::vector<Bar> buckets = {};  ///< and what else was started by name
};

/// Makes a step on the communicator that it is given.
using MakeStepOn = std::function<std::unique_ptr<TrainingStep>(comm::Communicator& comm)>;

/// Records this rank's second step. Collective.
Timeline record_timeline(comm::Communicator& comm, const MakeStepOn& make);

}  // namespace rondo::scale
