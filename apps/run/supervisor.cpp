// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "run/supervisor.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/exit_code.hpp"

namespace rondo::apps {
namespace {

constexpr int requeue = static_cast<int>(ExitCode::requeue);

/// What ends in the same way however often it is started.
constexpr std::array<std::pair<ExitCode, std::string_view>, 6> hopeless{{
    {ExitCode::usage, "wrong usage"},
    {ExitCode::bad_content, "bad content of a file"},
    {ExitCode::missing_input, "a missing input"},
    {ExitCode::cannot_create, "an output that cannot be created"},
    {ExitCode::version_mismatch, "different versions"},
    {ExitCode::configuration, "bad configuration"},
}};

std::string describe(int code) {
  if (code == requeue) return "a lost peer (75)";
  if (code > 128 && code < 128 + NSIG)
    return fmt::format("signal {} ({})", code - 128, ::sigdescr_np(code - 128));
  return fmt::format("exit code {}", code);
}

}  // namespace

Verdict Supervisor::judge(const LifeEnd& end) {
  if (end.code == 0) return {.code = 0, .reason = "finished"};
  const bool may_be_held = has_failed_ && end.code == static_cast<int>(ExitCode::cannot_create);
  for (const auto& [code, meaning] : hopeless)
    if (end.code == static_cast<int>(code) && !may_be_held)
      return {.code = end.code, .reason = fmt::format("{}: a restart would not help", meaning)};
  if (end.signal != 0)
    return {.code = requeue, .reason = fmt::format("stopped by SIG{}", ::sigabbrev_np(end.signal))};
  if (end.code == requeue && !end.stop.empty())
    return {.code = requeue, .reason = "stopped by " + end.stop};

  if (may_be_held) {
    ++fruitless_;
    return restart_or(end.code, "the last life may still hold the run directory");
  }
  return judge_failure(end);
}

Verdict Supervisor::judge_failure(const LifeEnd& end) {
  const bool is_known = end.last_step.has_value() || options_.knows_steps;
  const bool repeats =
      has_failed_ && failed_at_ == end.last_step && is_known && end.lost_hosts.empty();
  has_failed_ = true;
  failed_at_ = end.last_step;
  if (repeats) {
    const std::string place =
        end.last_step ? fmt::format("after step {}", *end.last_step) : "before the first step";
    return {
        .code = end.code,
        .reason = fmt::format("{}, twice {}: a restart would not help", describe(end.code), place)};
  }
  const bool made_steps = end.last_step > end.first_step;
  fruitless_ = made_steps ? 0 : fruitless_ + 1;
  const std::string lost = end.lost_hosts.empty() ? "" : "; no answer from " + end.lost_hosts;
  return restart_or(end.code, describe(end.code) + lost);
}

Verdict Supervisor::judge_too_few_hosts() {
  ++fruitless_;
  return restart_or(requeue, "too few hosts answer");
}

Verdict Supervisor::restart_or(int code, const std::string& reason) {
  if (restarts_ == options_.max_restarts)
    return {
        .code = code,
        .reason = fmt::format("{}, and no restart is left of {}", reason, options_.max_restarts)};
  ++restarts_;
  return {.restart = true, .code = code, .reason = reason};
}

std::chrono::duration<double> Supervisor::back_off() const {
  return options_.back_off * (1 << std::clamp(fruitless_ - 1, 0, 6));
}

}  // namespace rondo::apps
