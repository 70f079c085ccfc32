// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <cuda_runtime_api.h>

#include "rondo/base/error.hpp"
#include "rondo/base/launch_trail.hpp"

namespace rondo::cuda {

/// Returns if `code` is a success of `call`, say "cudaMalloc".
/// \throws ConfigError  the machine has no GPU or driver that this build can use
/// \throws DeviceError  everything else
void check(cudaError_t code, std::string_view call, Where where = Where::here());

/// For calls in which the fault of an earlier kernel can come to light: names those of `trail`.
void check(cudaError_t code, std::string_view call, const LaunchTrail& trail,
           Where where = Where::here());

/// Of a driver that serves CUDA `served`, 0 without one, where a build needs `needed`; numbered as
/// CUDART_VERSION.
std::string old_driver_text(int served, int needed);

/// "3.5 GiB (3758096384 bytes)" and what is free, of what is asked for `name`.
std::string out_of_memory_text(std::string_view name, std::size_t asked, std::size_t free,
                               std::size_t total);

}  // namespace rondo::cuda
