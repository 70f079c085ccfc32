// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "rondo/base/exit_code.hpp"
#include "rondo/job/launch.hpp"

namespace rondo::apps {

/// How an exception is to be reported.
struct Failure {
  ExitCode code = ExitCode::internal;
  std::string message;
  bool agreed = false;  ///< all ranks throw it alike
};

/// Describes the exception being handled; call it in a catch block only.
Failure current_failure();

/// `error: what`, `[rank 2] error: what` or, on several hosts, `[rank 2 on node7] error: what`.
std::string error_line(const Failure& failure, const job::Launch& launch);

/// Prints the line on standard error. Of an agreed failure rank 0 speaks for all; of any other,
/// ranks above 0 first wait for `patience` and a bit more per rank: if a lower rank has the same to
/// say, its exit ends this process before it speaks.
void report(const Failure& failure, const job::Launch& launch, std::chrono::milliseconds patience);

}  // namespace rondo::apps
