// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/telemetry/step_log.hpp"

#include "gpu/training_step.hpp"

namespace rondo::bench {

/// Prints the figures of a step, and writes them into the log as one line.
void report_step(const Device& device, const StepOptions& options, const StepFigures& figures,
                 telemetry::StepLog& log);

}  // namespace rondo::bench
