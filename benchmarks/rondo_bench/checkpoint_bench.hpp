// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "rondo/comm/communicator.hpp"
#include "rondo/train/session_checkpoint.hpp"

#include "measure/statistics.hpp"
#include "rondo_bench/checkpoint_slowdown.hpp"
#include "rondo_bench/synthetic_session.hpp"

namespace rondo::bench {

struct CheckpointOptions {
  std::filesystem::path directory = ".";
  SyntheticSession::Options trained;
  train::SaveWriters writers = train::SaveWriters::automatic;
  std::size_t repeats = 7;
  std::size_t steps_between_saves = 10;
};

/// Seconds over the repeats; METRICS.md defines every figure.
struct CheckpointFigures {
  std::uintmax_t bytes = 0;  ///< of a checkpoint
  Summary disk_write;
  Summary foreground;
  Summary stall;
  Summary background;
  Summary disk_read;
  Summary load;
  double write_ratio = 0;  ///< medians over the repeats
  double stall_ratio = 0;
  double load_ratio = 0;
  SlowdownFigures training;  ///< if steps compute
  std::size_t wrong = 0;     ///< loads whose parameters were not those saved
};

/// Saves and loads a session of synthetic parameters. Collective. \throws IoError, AgreedError
CheckpointFigures measure_checkpoint(comm::Communicator& comm, const CheckpointOptions& options);

}  // namespace rondo::bench
