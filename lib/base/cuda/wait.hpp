// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <cuda_runtime_api.h>

#include "rondo/base/launch_trail.hpp"

namespace rondo::cuda {

/// A call that asks for work: cudaErrorNotReady until it has run.
struct Query {
  std::string_view call;
  std::function<cudaError_t()> ask;
};

/// Whether it has run. \throws ConfigError, DeviceError  as check()
bool has_run(const Query& query, const LaunchTrail& trail);

/// Returns when it has run. `subject` is whose work it is, for the error.
/// \throws DeviceError  has_run(); or not within device_time_limit(), and the GPU is given up
void wait(const Query& query, const std::string& subject, const LaunchTrail& trail);

}  // namespace rondo::cuda
