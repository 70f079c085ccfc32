// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "rondo/comm/communicator.hpp"
#include "rondo/telemetry/trace.hpp"

namespace rondo::train {

/// The trace of a run: each rank's log in FILE.ranks, and in the end FILE, which viewers open.
///
/// What stood in FILE.ranks before goes to FILE.ranks.before, and what stood there goes: of a run
/// that was resumed, the start before can still be converted. Rank 0 moves it, so that hosts which
/// do not share the directory keep old logs until the same rank starts there anew.
///
/// Ranks on one machine share a steady clock. Where there are several, one rank of each compares
/// its clock with rank 0's at the start, in end_step() of every `clock_interval`-th step, and in
/// finish(): by collectives of which nobody leaves before all have entered. Whatever they take,
/// the offset lies within the bounds that they give.
///
/// Collective: the constructor, end_step(), finish(). The thread that makes it is recorded as
/// "trainer"; the object must be destroyed there, after all that was started under it.
class Tracing {
 public:
  struct Options {
    std::filesystem::path file;  ///< empty: nothing is recorded, and nothing here communicates
    std::size_t steps = 100;     ///< see telemetry::Trace
    std::uint64_t clock_interval = 1000;
  };

  /// `comm` must outlive it. \throws AgreedError  (cannot_create, io) a rank's log
  Tracing(comm::Communicator& comm, const Options& options);
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;
  ~Tracing();

  /// After each step.
  void end_step(std::uint64_t step);
  /// At an orderly end; what ended since the last step counts to that. Rank 0 converts the logs, if
  /// it sees all of them; else it says how to.
  void finish();

 private:
  void open();
  void compare_clocks();

  comm::Communicator& comm_;
  Options options_;
  std::uint64_t clock_ = 0;
  std::uint64_t last_step_ = 0;
  std::unique_ptr<comm::Communicator> clocks_;  // one rank of each clock; null on others
  std::unique_ptr<telemetry::Trace> trace_;
  std::optional<telemetry::TraceThread> thread_;
};

}  // namespace rondo::train
