// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace rondo::telemetry {

/// What a rank's threads are seen doing. The numbers are those in the log: new ones go to the end.
enum class Activity : std::uint16_t {
  step,            ///< all of an optimizer step
  lane,            ///< forward and backward pass of lane `index`
  first_gradient,  ///< an instant: the backward pass of lane `index` has announced its first one
  optimizer,       ///< parameters are updated
  bucket,          ///< bucket `index` of `bytes`, from its start until this rank has seen its end
  bucket_wait,     ///< nothing left to do but to wait for bucket `index`
  exchange,        ///< all ranks exchange the step's sums, waiting for the last one
  values,          ///< bucket `index` of new values travels to the ranks
  values_wait,     ///< nothing left to do but to wait for new values
  data_wait,       ///< waits for a batch of lane `index`
  read,            ///< reads and decodes chunk `index`, `bytes` of a file
  read_together,   ///< all ranks read
  fill,            ///< puts `index` samples into a batch
  checkpoint,      ///< training stops for a checkpoint of step `index`
  checkpoint_settle,  ///< waits for the one before
  checkpoint_gather,  ///< brings together what is sharded
  checkpoint_copy,    ///< of what will be written
  checkpoint_write,   ///< behind training
  evaluation          ///< over the test split
};
inline constexpr std::size_t activity_count = 19;

/// "bucket wait"
std::string_view name_of(Activity activity);
/// "step", "compute", "bucket", "data" or "checkpoint".
std::string_view category_of(Activity activity);
/// What TraceEvent::index counts: "lane", "bucket", "chunk", "samples" or "of step"; else empty.
std::string_view index_name_of(Activity activity);
constexpr bool is_instant(Activity activity) {
  return activity == Activity::first_gradient;
}

/// Nanoseconds on this machine's steady clock.
using TraceClock = std::chrono::steady_clock;
inline std::int64_t trace_now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(TraceClock::now().time_since_epoch())
      .count();
}

/// Something that a thread did, or an instant, whose end is its begin.
struct TraceEvent {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::uint64_t bytes = 0;
  std::uint32_t index = 0;
  Activity activity = Activity::step;
  std::uint16_t thread = 0;  ///< number of the thread in its rank
  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};

/// By how much a clock is ahead of the reference at a time that it showed itself.
struct ClockSample {
  std::int64_t at = 0;      ///< nanoseconds of that clock
  std::int64_t offset = 0;  ///< nanoseconds: that clock minus the reference
  std::int64_t error = 0;   ///< the true offset is within so much of `offset`
  friend bool operator==(const ClockSample&, const ClockSample&) = default;
};

/// Which trace a rank's log belongs to.
struct TraceIdentity {
  std::uint64_t life = 0;  ///< of the start of the job; alike on its ranks, later starts are larger
  int rank = 0;
  int ranks = 1;
  std::string host = {};
  std::uint64_t clock = 0;      ///< of the steady clock: equal where ranks share one
  std::uint64_t reference = 0;  ///< rank 0's
  std::int64_t begin = 0;       ///< trace_now() of the start
};

/// What one rank's threads do, step by step, in a log that is bounded in size.
///
/// Threads record into memory of their own; end_step() takes what has ended since the last call and
/// writes it as one record. The log keeps the last `steps` steps at least (2 `steps` at the most),
/// and of all steps those whose number is a multiple of k: k is 1 at first and doubles whenever
/// that would be more than `steps`. Of a step `events` events are kept; a record says how many more
/// there were. Nothing here can fail but the constructor: what cannot be written ends the log with
/// a warning. lib/telemetry/README.md describes the files.
///
/// end_step(), add_clock() are for one thread. All TraceThreads must be gone before the trace is.
class Trace {
 public:
  struct Options {
    std::filesystem::path directory;  ///< exists; the log's files are named by the rank
    TraceIdentity identity = {};
    std::size_t steps = 100;
    std::size_t events = 2048;
  };

  /// \throws IoError  cannot_create or io
  explicit Trace(const Options& options);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  /// All that has ended since the last call belongs to `step`; more may be added to it. One or two
  /// calls of write(2), each a whole record; now and then the files change turns.
  void end_step(std::uint64_t step);
  /// What is known of this rank's clock; of many samples every other one is forgotten.
  void add_clock(const ClockSample& sample);

  /// What the log's files may take on disk, all together.
  static std::size_t most_bytes(const Options& options);

 private:
  friend class TraceThread;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One thread's place in a trace; what its spans are recorded into.
class ThreadEvents;

/// Null on threads that nothing is recorded of. Use the classes and functions below.
inline constinit thread_local ThreadEvents* this_threads_events = nullptr;

/// As long as it lives, what the calling thread does is recorded in `trace`, under a name, in place
/// of what it was recorded in before. With a null trace it does nothing.
class TraceThread {
 public:
  TraceThread(Trace* trace, std::string_view name);
  TraceThread(const TraceThread&) = delete;
  TraceThread& operator=(const TraceThread&) = delete;
  ~TraceThread();

 private:
  ThreadEvents* before_;
};

inline bool is_tracing() noexcept {
  return this_threads_events != nullptr;
}
/// That of the calling thread, null if there is none: for the threads that it starts.
Trace* current_trace() noexcept;

/// Records what the calling thread, or something that it watched over, did from `begin` to now.
/// Nothing happens without a trace.
void trace_since(std::int64_t begin, Activity activity, std::size_t index = 0,
                 std::size_t bytes = 0) noexcept;

inline void trace_instant(Activity activity, std::size_t index = 0) noexcept {
  if (is_tracing()) trace_since(trace_now(), activity, index);
}

/// Records the time between its making and its end. Without a trace: one branch each.
class TraceSpan {
 public:
  explicit TraceSpan(Activity activity, std::size_t index = 0) noexcept
      : begin_(is_tracing() ? trace_now() : 0), index_(index), activity_(activity) {}
  TraceSpan(const TraceSpan&) = delete;
  TraceSpan& operator=(const TraceSpan&) = delete;
  ~TraceSpan() {
    if (is_tracing() && begin_ != 0) trace_since(begin_, activity_, index_, bytes_);
  }

  void set_bytes(std::size_t bytes) noexcept { bytes_ = bytes; }

 private:
  std::int64_t begin_;
  std::size_t index_;
  std::size_t bytes_ = 0;
  Activity activity_;
};

}  // namespace rondo::telemetry
