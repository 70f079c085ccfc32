// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "rondo/comm/communicator.hpp"
#include "rondo/grad/sharding.hpp"

#include "rondo_bench/statistics.hpp"

namespace rondo::bench {

struct CheckpointOptions {
  std::filesystem::path directory = ".";
  std::size_t parameters = 25'000'000;
  std::string optimizer = "adamw";
  grad::Sharding sharding = grad::Sharding::none;
  std::size_t repeats = 7;
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
  std::size_t wrong = 0;  ///< loads whose parameters were not those saved
};

/// Saves and loads a session of synthetic parameters. Collective. \throws IoError, AgreedError
CheckpointFigures measure_checkpoint(comm::Communicator& comm, const CheckpointOptions& options);

}  // namespace rondo::bench
