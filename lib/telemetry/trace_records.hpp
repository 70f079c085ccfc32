// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rondo/telemetry/trace.hpp"

namespace rondo::telemetry {

/// Records of a trace's log, see README.md: length, kind, hash, payload; all numbers little-endian.
enum class RecordKind : std::uint32_t { head = 1, step = 2, clock = 3 };

inline constexpr std::size_t record_head_bytes = 16;
inline constexpr std::size_t event_bytes = 32;
inline constexpr std::size_t longest_name = 31;  ///< of a thread; what is longer is cut
inline constexpr std::size_t most_threads = 512;
inline constexpr std::size_t most_clock_samples = 64;

/// The bytes of a whole record.
std::string encode(RecordKind kind, std::string_view payload);

struct TracedThread {
  std::uint16_t number = 0;
  std::string name;
  friend bool operator==(const TracedThread&, const TracedThread&) = default;
};

/// What ended in one step.
struct TracedStep {
  std::uint64_t step = 0;
  std::uint32_t dropped = 0;  ///< events for which there was no room
  std::vector<TracedThread> threads;
  std::vector<TraceEvent> events;
};

std::string encode_step(const TracedStep& step);
std::string encode_head(const TraceIdentity& identity, std::span<const ClockSample> clocks);
std::string encode_clock(const ClockSample& sample);

/// What a file of a log holds.
struct TraceFile {
  std::optional<TraceIdentity> identity;  ///< none: not even the first record is whole
  std::vector<ClockSample> clocks;
  std::vector<TracedStep> steps;
  /// Where an unfinished record begins, at the file's end: a kill can leave one.
  std::optional<std::size_t> unfinished_at;
};

enum class Damage {
  error,  ///< IoError (bad_content), naming file and offset
  skip    ///< what stands before it counts, and `damage` tells
};

/// Reads what is whole. \throws IoError  missing_input, or bad_content as Damage says
TraceFile read_trace_file(const std::filesystem::path& path, Damage on_damage,
                          std::string* damage = nullptr);

/// The names of a rank's files: two that take turns, and the sampled steps.
inline constexpr std::string_view trace_file_endings[] = {"0", "1", "sampled"};
std::string trace_file_name(int rank, std::string_view ending);

}  // namespace rondo::telemetry
