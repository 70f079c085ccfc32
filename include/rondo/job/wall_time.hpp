// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <string_view>

#include "rondo/job/launch.hpp"

namespace rondo::job {

/// A time as people write it: `90` (seconds), `90s`, `1h30m`, `2d`. Nothing for any other text.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// What Slurm still grants the job: by SLURM_JOB_END_TIME, or asked of squeue for up to 2 s.
/// Nothing outside of a job, without a limit, or where neither answers.
std::optional<std::chrono::seconds> slurm_time_left(const Launch& launch);

/// The same, asked of squeue in any case: limits can be changed while a job runs.
std::optional<std::chrono::seconds> slurm_time_left_now(const Launch& launch);

/// Says which step must be the last one, so that a checkpoint is written before the job is ended
/// from outside. What steps, evaluations and saves take is measured.
///
/// Rank 0 has one with an end; the others' never stops. What it says joins the wish to stop, which
/// all ranks agree on. Not thread-safe.
class WallTime {
 public:
  using Clock = std::chrono::steady_clock;

  /// What is assumed until it is measured.
  struct Assumptions {
    double save_seconds = 1;
    double evaluation_steps = 0;  ///< an evaluation takes as long as so many steps
  };

  /// Asks what time is left.
  using Ask = std::function<std::optional<std::chrono::seconds>()>;

  /// Never ends.
  WallTime() = default;
  /// Without an `end` it waits for what follow() finds.
  WallTime(std::optional<Clock::time_point> end, const Assumptions& assumed)
      : end_(end), assumed_(assumed) {}

  /// From now on `ask` is asked every so often, by a thread of its own, and what it answers sets
  /// the end, but never behind `latest`. What it does not answer changes nothing.
  void follow(Ask ask, Clock::time_point latest = Clock::time_point::max(),
              std::chrono::seconds interval = std::chrono::minutes(2));

  /// A save that training waited for. What it takes behind that, until it is on disk, may not be
  /// known yet: then it does not count as measured.
  void add_save(double seconds, std::optional<double> seconds_behind = 0);
  void add_evaluation(double seconds);

  /// Whether the step that is under way must be the last. Call it once a step, at the same place.
  ///
  /// The next one is safe if after it, and after what may come before its end, there is time left
  /// to save and to leave: 2 steps + 2 saves + evaluations + 2 s < end - now. A step is the longest
  /// of late, without the saves and evaluations in between.
  bool is_last_step(int evaluations_ahead, Clock::time_point now = Clock::now());

  /// As it is known now.
  std::optional<Clock::time_point> end() const noexcept { return end_; }
  /// Whether is_last_step() was true.
  bool has_ended() const noexcept { return has_ended_; }
  /// What has to fit into the time that is left, in seconds.
  double needed(int evaluations_ahead) const;

 private:
  /// The longest of late: an outlier is forgotten after some hundred others.
  class Longest {
   public:
    void add(double seconds);
    std::optional<double> seconds() const noexcept { return seconds_; }

   private:
    std::optional<double> seconds_;
  };

  struct Answer {
    Clock::time_point at;
    std::optional<std::chrono::seconds> left;
  };
  /// Takes an answer that is there, and asks if it is time to.
  void keep_asking(Clock::time_point now);

  Ask ask_;
  Clock::time_point latest_;
  std::chrono::seconds interval_{};
  std::optional<Clock::time_point> asked_;
  std::shared_future<Answer> answer_;
  std::optional<Clock::time_point> end_;
  Assumptions assumed_;
  Longest step_;
  Longest save_;
  Longest evaluation_;
  std::optional<Clock::time_point> last_call_;
  double apart_ = 0;  // seconds of saves and evaluations since the last call
  bool has_ended_ = false;
};

}  // namespace rondo::job
