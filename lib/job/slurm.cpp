// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "job/slurm.hpp"

#include <cstdlib>

#include "rondo/job/helper_program.hpp"

namespace rondo::job {

JobState slurm_job_state(const std::string& job_id, std::chrono::milliseconds patience) {
  const auto answer =
      run_helper({"squeue", "--noheader", "--jobs=" + job_id, "--format=%T"}, patience);
  if (!answer) return JobState::unknown;
  if (answer->output.find("Invalid job id") != std::string::npos) return JobState::gone;
  if (answer->code != 0) return JobState::unknown;
  const bool waits = answer->output.starts_with("PENDING");
  return answer->output.empty() || waits ? JobState::gone : JobState::running;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody calls setenv
  return value != nullptr ? value : "";
}

}  // namespace rondo::job
