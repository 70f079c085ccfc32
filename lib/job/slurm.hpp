// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace rondo::job {

enum class JobState { running, gone, unknown };

/// What Slurm says of a job, if it answers soon. A job that waits to run again is gone.
JobState slurm_job_state(const std::string& job_id, std::chrono::milliseconds patience);

/// A variable's text; empty if there is none.
std::string environment(const char* name);

}  // namespace rondo::job
