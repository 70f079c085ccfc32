// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/comm/communicator.hpp"
#include "rondo/train/session_saver.hpp"

#include "measure/statistics.hpp"
#include "rondo_bench/synthetic_session.hpp"

namespace rondo::bench {

/// Seconds of as many steps as are between two saves, with a save in the background and without.
struct SlowdownFigures {
  Summary without;
  Summary with;
  double slowdown = 0;  ///< median over the pairs of with / without - 1
};

/// Trains in turns with and without a save, `repeats` pairs.
/// Collective. \throws IoError, AgreedError
SlowdownFigures measure_slowdown(comm::Communicator& comm, SyntheticSession& trainer,
                                 const train::SessionSaver::Options& saving, std::size_t steps,
                                 std::size_t repeats);

}  // namespace rondo::bench
