// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Apart from no_cuda.cpp, whose place an emulated CUDA may take while NCCL is still missing.
#include "rondo/base/error.hpp"

#include "base/no_cuda.hpp"

namespace rondo {

void no_cuda() {
  throw ConfigError(
      "this build of rondo cannot use GPUs: where CUDA, cuDNN and NCCL are installed, build the "
      "preset cuda (cmake --preset cuda && cmake --build --preset cuda), or use the CPU");
}

}  // namespace rondo
