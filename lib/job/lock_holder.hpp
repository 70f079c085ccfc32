// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "job/slurm.hpp"

namespace rondo::job {

/// Who has a run directory, as its lock file says.
struct LockHolder {
  std::string host;
  pid_t process = 0;
  std::uint64_t started = 0;  ///< since the machine's, in clock ticks: process ids come again
  std::string job;            ///< of Slurm; empty outside
  std::string restarts;       ///< of that job
};

LockHolder this_process();

std::string to_text(const LockHolder& holder);
/// Nothing if the text is not of to_text().
std::optional<LockHolder> parse_holder(const std::string& text);

/// For messages: `process 4711 on node7 (Slurm job 417)`.
std::string describe(const LockHolder& holder);

/// What is known of the holder without the file system's locks, within half a second.
JobState state_of(const LockHolder& holder, const LockHolder& self);

}  // namespace rondo::job
