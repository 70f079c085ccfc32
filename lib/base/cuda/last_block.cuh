// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace rondo::cuda {

/// Whether all other blocks have come here, and what they stored is to be seen (by __ldcg); leaves
/// the counter ready for the next launch. All threads of the block must call.
inline __device__ bool is_last_block(std::uint32_t* blocks_done) {
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(blocks_done, 1U) + 1 == gridDim.x;
    if (last) *blocks_done = 0;
  }
  __syncthreads();
  __threadfence();
  return last;
}

}  // namespace rondo::cuda
