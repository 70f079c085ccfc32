// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cuda/launch.cuh"

namespace rondo::cuda {

/// Adds `mine` over the threads of a block whose numbers are equal modulo `lanes`, a power of two,
/// always in the same order; the sums are the first `lanes` threads'. All threads must call.
template <int count>
__device__ __forceinline__ void add_up(double (&mine)[count], unsigned lanes) {
  __shared__ double sums[count][block_threads];
  const unsigned self = threadIdx.x;
#pragma unroll
  for (int k = 0; k < count; ++k)
    sums[k][self] = mine[k];
  for (unsigned half = block_threads / 2; half >= lanes; half /= 2) {
    __syncthreads();
    if (self >= half) continue;
#pragma unroll
    for (int k = 0; k < count; ++k)
      sums[k][self] += sums[k][self + half];
  }
#pragma unroll
  for (int k = 0; k < count; ++k)
    mine[k] = sums[k][self];
  __syncthreads();  // the next call writes
}

}  // namespace rondo::cuda
