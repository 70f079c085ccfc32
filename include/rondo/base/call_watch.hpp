// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <string>
#include <thread>

#include "rondo/base/exit_code.hpp"

namespace rondo {

/// A call into the system or a driver that may never return, such as a read where the file system
/// does not answer: from construction to destruction, in one thread. The library's own reads are
/// such calls. Nobody looks at it unless a CallWatch exists; then it costs two short locks.
class WatchedCall {
 public:
  /// `what` names it, for "... has not come to an end for 30 s"; the watch calls it while this
  /// lives. `advice`, a literal, says why that may be and what to do. `code` is the exit code of a
  /// process that ends for it.
  WatchedCall(ExitCode code, const char* advice, std::function<std::string()> what);
  WatchedCall(const WatchedCall&) = delete;
  WatchedCall& operator=(const WatchedCall&) = delete;
  ~WatchedCall();

 private:
  friend class CallWatch;

  ExitCode code_;
  const char* advice_;
  std::function<std::string()> what_;
  std::chrono::milliseconds waited_{0};
  bool has_warned_ = false;
  bool is_listed_ = false;
};

/// Looks at this process's WatchedCalls while it exists, from a thread of its own. Of one that
/// lasts it warns; one that does not end at all ends the process, since it cannot be given up: the
/// system may still write to its memory. Time in which the whole process was stopped does not
/// count.
///
/// One at a time. The destructor does not wait for calls.
class CallWatch {
 public:
  struct Options {
    std::chrono::milliseconds warning = std::chrono::seconds(30);  ///< once, while it lasts
    std::chrono::milliseconds limit = std::chrono::minutes(10);
    /// Says the message and ends the process; called in the watch's thread.
    std::function<void(ExitCode, const std::string&)> end = log_and_exit;
  };

  /// \throws UsageError  another one exists
  explicit CallWatch(Options options);
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;
  ~CallWatch();

  /// An error in the log, and std::_Exit: nothing waits for the call, no destructor or handler.
  [[noreturn]] static void log_and_exit(ExitCode code, const std::string& what);

 private:
  struct Complaint;

  void watch();
  void add_time(std::chrono::milliseconds passed);
  Complaint next_complaint();
  void speak(const Complaint& complaint) const;

  Options options_;
  std::chrono::milliseconds interval_;
  std::condition_variable wake_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace rondo
