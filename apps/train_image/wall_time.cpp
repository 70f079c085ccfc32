// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "train_image/wall_time.hpp"

#include <fmt/format.h>

#include "rondo/base/log.hpp"
#include "rondo/telemetry/progress.hpp"

namespace rondo::apps {
namespace {

/// Of a slow network file system, until the first save has shown better.
constexpr double assumed_bytes_per_second = 50e6;
constexpr double assumed_latency_seconds = 0.5;

job::WallTime::Assumptions assumptions(const RunPlan& plan) {
  const auto bytes = static_cast<double>(plan.memory.between_steps.total());
  return {.save_seconds = assumed_latency_seconds + bytes / assumed_bytes_per_second,
          .evaluation_steps = plan.evaluation_steps};
}

}  // namespace

job::WallTime wall_time(const TrainOptions& options, const RunPlan& plan) {
  using Clock = job::WallTime::Clock;
  const auto now = Clock::now();
  std::optional<Clock::time_point> end;
  const char* source = "--max-time";
  if (options.max_time) end = options.start + *options.max_time;
  const auto latest = end.value_or(Clock::time_point::max());
  const job::Launch launch = job::inspect_launch();
  if (const auto left = job::slurm_time_left(launch); left && now + *left < latest) {
    end = now + *left;
    source = "Slurm";
  }
  job::WallTime wall_time(end, assumptions(plan));
  if (!launch.slurm_job_id.empty())
    wall_time.follow([launch] { return job::slurm_time_left_now(launch); }, latest);
  if (end) {
    const std::chrono::duration<double> left = *end - now;
    log::info(fmt::format("{} gives this run {}: it saves and stops before", source,
                          telemetry::clock_text(left.count())));
  }
  return wall_time;
}

}  // namespace rondo::apps
