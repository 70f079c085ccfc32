// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace rondo::apps {

/// While it lives, SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGCHLD wait until they are asked for. Make
/// it before any thread.
class SignalQueue {
 public:
  SignalQueue();

  /// The next signal that asks to stop, if one comes in time.
  std::optional<int> wait_for_stop(std::chrono::duration<double> time) const;
  /// The next of all signals, if one comes in time.
  std::optional<int> wait(std::chrono::duration<double> time) const;
};

struct ChildEnd {
  int code = 0;    ///< exit code, or 128 + signal
  int signal = 0;  ///< the first that asked to stop; 0 if none did
  bool given_up = false;
};

/// Whether a launcher that does not end by itself is to be ended.
struct Oversight {
  std::chrono::duration<double> interval{5};
  std::function<bool()> gives_up = [] { return false; };  ///< asked at this interval
};

/// Runs a launcher to its end, without standard input. `words[0]` is the program.
///
/// The first signal that asks to stop becomes SIGUSR1 to it, which mpirun hands on to all ranks at
/// once: SIGTERM would leave them one second. A further SIGTERM, SIGINT or SIGHUP becomes SIGTERM.
/// Where this process is killed the launcher gets SIGTERM, too. A launcher that is given up gets
/// SIGTERM, and ten seconds later it is killed.
/// \throws Error  internal: no process
ChildEnd run_child(const std::vector<std::string>& words, const SignalQueue& signals,
                   const Oversight& oversight = {});

}  // namespace rondo::apps
