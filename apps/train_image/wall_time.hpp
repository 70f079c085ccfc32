// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/job/wall_time.hpp"

#include "train_image/options.hpp"
#include "train_image/report.hpp"

namespace rondo::apps {

/// The time that a run has: the lesser of --max-time and what Slurm still grants, which it may ask
/// for up to 2 s. Logs it. For rank 0.
job::WallTime wall_time(const TrainOptions& options, const RunPlan& plan);

}  // namespace rondo::apps
