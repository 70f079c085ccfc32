// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace rondo {

/// What every function on a GPU does in a build without CUDA.
/// \throws ConfigError  always: says how to get a build with CUDA
[[noreturn]] void no_cuda();

}  // namespace rondo
