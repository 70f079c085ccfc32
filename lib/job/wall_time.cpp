// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/job/wall_time.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

#include "rondo/job/helper_program.hpp"

#include "job/slurm.hpp"

namespace rondo::job {
namespace {

using std::chrono::seconds;

constexpr auto patience = std::chrono::seconds(2);
constexpr double leave_seconds = 2;  // the last lines, MPI_Finalize, mpirun
constexpr double memory_of_longest = 0.98;
constexpr std::int64_t most_seconds = 100LL * 366 * 24 * 3600;

/// The whole number that `text` begins with, which is taken away.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || number > most_seconds) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::int64_t seconds_of(char unit) {
  switch (unit) {
    case 'd': return 24 * 3600;
    case 'h': return 3600;
    case 'm': return 60;
    case 's': return 1;
    default: return 0;
  }
}

/// squeue's time left: `[days-][hours:]minutes:seconds`, or a word where there is no limit.
std::optional<seconds> parse_time_left(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  std::int64_t total = 0;
  for (;;) {
    const auto number = take_number(text);
    if (!number || total > most_seconds) return std::nullopt;
    total += *number;
    if (text.empty()) return seconds(total);
    const char separator = text[0];
    if (separator != '-' && separator != ':') return std::nullopt;
    text.remove_prefix(1);
    // Behind the days come all three, otherwise as many as are needed.
    total *= separator == '-' ? 24 : 60;
  }
}

}  // namespace

std::optional<seconds> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  std::int64_t last_unit = INT64_MAX;
  do {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const std::int64_t unit = seconds_of(text.empty() ? 's' : text[0]);
    if (unit == 0 || unit >= last_unit || *number > most_seconds / unit) return std::nullopt;
    total += *number * unit;
    last_unit = unit;
    text.remove_prefix(std::min<std::size_t>(1, text.size()));
  } while (!text.empty());
  return total <= most_seconds ? std::optional(seconds(total)) : std::nullopt;
}

std::optional<seconds> slurm_time_left(const Launch& launch) {
  if (launch.slurm_job_id.empty()) return std::nullopt;
  const std::string end = environment("SLURM_JOB_END_TIME");
  std::string_view digits = end;
  if (const auto since_epoch = take_number(digits); since_epoch && digits.empty()) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return seconds(*since_epoch) - std::chrono::duration_cast<seconds>(now);
  }
  return slurm_time_left_now(launch);
}

std::optional<seconds> slurm_time_left_now(const Launch& launch) {
  if (launch.slurm_job_id.empty()) return std::nullopt;
  const auto answer = run_helper(
      {"squeue", "--noheader", "--jobs=" + launch.slurm_job_id, "--format=%L"}, patience);
  if (!answer || answer->code != 0) return std::nullopt;
  return parse_time_left(answer->output);
}

void WallTime::Longest::add(double measured) {
  const double before = seconds_.value_or(measured);
  seconds_ = std::max(measured, memory_of_longest * before + (1 - memory_of_longest) * measured);
}

void WallTime::add_save(double measured, std::optional<double> seconds_behind) {
  if (seconds_behind) save_.add(measured + *seconds_behind);
  apart_ += measured;
}

void WallTime::add_evaluation(double measured) {
  evaluation_.add(measured);
  apart_ += measured;
}

void WallTime::follow(Ask ask, Clock::time_point latest, seconds interval) {
  ask_ = std::move(ask);
  latest_ = latest;
  interval_ = interval;
}

void WallTime::keep_asking(Clock::time_point now) {
  if (answer_.valid()) {
    if (answer_.wait_for(seconds(0)) != std::future_status::ready) return;
    if (const Answer answer = std::exchange(answer_, {}).get(); answer.left)
      end_ = std::min(latest_, answer.at + *answer.left);
  }
  if (asked_ && now - *asked_ < interval_) return;
  // The first question was asked by whoever knows the end so far.
  if (asked_.has_value())
    answer_ = std::async(std::launch::async, [ask = ask_, now] { return Answer{now, ask()}; });
  asked_ = now;
}

bool WallTime::is_last_step(int evaluations_ahead, Clock::time_point now) {
  if (ask_) keep_asking(now);
  if (!end_) return false;
  if (last_call_) {
    const std::chrono::duration<double> since = now - *last_call_;
    step_.add(std::max(0.0, since.count() - apart_));
  }
  last_call_ = now;
  apart_ = 0;
  const std::chrono::duration<double> left = *end_ - now;
  has_ended_ = has_ended_ || left.count() <= needed(evaluations_ahead);
  return has_ended_;
}

double WallTime::needed(int evaluations_ahead) const {
  const double step = step_.seconds().value_or(0);
  const double evaluation = evaluation_.seconds().value_or(assumed_.evaluation_steps * step);
  const double save = save_.seconds().value_or(assumed_.save_seconds);
  return 2 * step + 2 * save + evaluations_ahead * evaluation + leave_seconds;
}

}  // namespace rondo::job
