// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "job/lock_holder.hpp"

#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "rondo/base/host_name.hpp"
#include "rondo/job/launch.hpp"
#include "rondo/telemetry/step_log.hpp"

namespace rondo::job {
namespace {

// A second job is to learn within a second that it has to leave.
constexpr auto patience = std::chrono::milliseconds(500);

/// When the process was started; nothing if it does not run.
std::optional<std::uint64_t> start_of(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/stat", process));
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  // The second field is the program's name in parentheses, whatever is in it.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 1));
  std::string state;
  rest >> state;
  if (state == "Z" || state == "X") return std::nullopt;
  std::string skipped;
  for (int field = 4; field < 22; ++field)
    rest >> skipped;
  std::uint64_t ticks = 0;
  return rest >> ticks ? std::optional(ticks) : std::nullopt;
}

}  // namespace

LockHolder this_process() {
  return {.host = host_name(),
          .process = ::getpid(),
          .started = start_of(::getpid()).value_or(0),
          .job = inspect_launch().slurm_job_id,
          .restarts = environment("SLURM_RESTART_COUNT")};
}

std::string to_text(const LockHolder& holder) {
  return telemetry::to_json({{"host", std::string_view(holder.host)},
                             {"process", holder.process},
                             {"started", holder.started},
                             {"job", std::string_view(holder.job)},
                             {"restarts", std::string_view(holder.restarts)}}) +
         "\n";
}

std::optional<LockHolder> parse_holder(const std::string& text) {
  try {
    const auto entry = nlohmann::json::parse(text);
    return LockHolder{.host = entry.at("host"),
                      .process = entry.at("process"),
                      .started = entry.at("started"),
                      .job = entry.at("job"),
                      .restarts = entry.at("restarts")};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string describe(const LockHolder& holder) {
  const std::string job = holder.job.empty() ? "" : fmt::format(" (Slurm job {})", holder.job);
  return fmt::format("process {} on {}{}", holder.process, holder.host, job);
}

JobState state_of(const LockHolder& holder, const LockHolder& self) {
  if (holder.host == self.host)
    return start_of(holder.process) == holder.started ? JobState::running : JobState::gone;
  if (holder.job.empty()) return JobState::unknown;
  if (holder.job != self.job) return slurm_job_state(holder.job, patience);
  return holder.restarts != self.restarts ? JobState::gone : JobState::unknown;
}

}  // namespace rondo::job
