// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <cuda_runtime.h>

#include "rondo/base/device_stream.hpp"

#include "base/cuda/check.hpp"

namespace rondo::cuda {

inline constexpr int block_threads = 256;

/// How many blocks of `kernel` a multiprocessor holds at once. All GPUs of a process are alike.
template <auto kernel>
int resident_blocks() {
  static const int blocks = [] {
    int count = 0;
    check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&count, kernel, block_threads, 0),
          "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
    return std::max(count, 1);
  }();
  return blocks;
}

/// Queues `kernel`, which goes through `work_blocks` blocks of work in strides of the grid, with no
/// more blocks than the GPU holds; nothing if there is no work. `name` is a literal, for errors.
/// \throws ConfigError, DeviceError
template <auto kernel, class... Arguments>
void launch(DeviceStream& stream, const char* name, std::size_t work_blocks,
            Arguments&&... arguments) {
  if (work_blocks == 0) return;
  check(cudaSetDevice(stream.device()), "cudaSetDevice");
  const auto resident = static_cast<std::size_t>(resident_blocks<kernel>()) *
                        static_cast<std::size_t>(stream.multiprocessors());
  cudaLaunchConfig_t config{};
  config.gridDim = static_cast<unsigned>(std::min(work_blocks, resident));
  config.blockDim = block_threads;
  config.stream = stream.handle();
  check(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...), name,
        stream.trail());
  stream.launched(name);
}

}  // namespace rondo::cuda
