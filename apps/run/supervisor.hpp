// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace rondo::apps {

/// What became of one start of the program.
struct LifeEnd {
  int code = 0;  ///< the launcher's exit code; 128 + signal if it was killed
  std::optional<std::uint64_t> first_step = {};
  std::optional<std::uint64_t> last_step = {};
  std::string stop = {};        ///< why the program says that it left early; empty if it does not
  int signal = 0;               ///< that rondo-run itself was sent meanwhile
  std::string lost_hosts = {};  ///< that no longer answer, such as `a:2`
};

struct Verdict {
  bool restart = false;
  int code = 0;             ///< of rondo-run, unless it restarts
  std::string reason = {};  ///< of the end
};

/// Decides what follows a life. Does nothing itself.
class Supervisor {
 public:
  struct Options {
    int max_restarts = 10;
    std::chrono::duration<double> back_off{5};
    bool knows_steps = true;  ///< whether a program without steps has failed before the first
  };

  explicit Supervisor(const Options& options) : options_(options) {}

  /// No restart: after the end (0), a stop by the user, the scheduler or the wall time (75), an
  /// exit code that says that the same would happen again, a failure at the step of the last
  /// failure (unless it has lost hosts), or --max-restarts.
  ///
  /// That no output can be created is no such code after a failure: ranks on a host that was lost
  /// may hold the run directory for a while.
  Verdict judge(const LifeEnd& end);
  /// The same for a life that found too few hosts.
  Verdict judge_too_few_hosts();

  /// How long to wait before the next life: twice as long after each that made no step, up to 64
  /// times.
  std::chrono::duration<double> back_off() const;

 private:
  Verdict judge_failure(const LifeEnd& end);
  Verdict restart_or(int code, const std::string& reason);

  Options options_;
  int restarts_ = 0;
  int fruitless_ = 0;
  bool has_failed_ = false;
  std::optional<std::uint64_t> failed_at_;
};

}  // namespace rondo::apps
