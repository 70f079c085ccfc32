// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace rondo::telemetry {

/// What a trace consists of.
struct TraceSummary {
  int ranks = 0;                   ///< of the job
  std::vector<int> missing_ranks;  ///< whose logs are not there
  std::size_t steps = 0;           ///< of which at least one rank's record was kept
  std::uint64_t first_step = 0;
  std::uint64_t last_step = 0;
  std::size_t events = 0;
  std::uint64_t dropped_events = 0;
  double clock_error_us = 0;  ///< no two ranks' times are further off one another than twice this
  std::vector<std::string> warnings;
};

/// What to do about a record that is whole and cannot be right.
enum class DamagedTrace : std::uint8_t {
  refuse,  ///< IoError (bad_content), with file and offset
  skip     ///< the records of that file before it count, with a warning
};

/// The ranks whose logs of the newest start `directory` holds.
std::vector<int> ranks_with_traces(const std::filesystem::path& directory);

/// Makes one file in Chrome's trace event format (JSON object form) of the logs in `directory`:
/// what Perfetto and chrome://tracing open. Each rank is a process "rank 3 (host)", its threads are
/// threads; buckets, which overlap, lie on as many tracks as there were at once. Times are
/// microseconds since the start of the first rank, on the clock of rank 0's host.
///
/// An unfinished record at a file's end, as a kill leaves it, is left out with a warning, and so
/// are ranks without a log and logs of earlier starts. The output appears when it is whole.
/// \throws IoError  missing_input: no log there; bad_content; cannot_create or io: the output
TraceSummary convert_trace(const std::filesystem::path& directory,
                           const std::filesystem::path& output,
                           DamagedTrace damaged = DamagedTrace::refuse);

}  // namespace rondo::telemetry
