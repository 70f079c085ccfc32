// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cuda/launch.cuh"
#include "grad/compression/cuda/kernels.hpp"

namespace rondo::grad::cuda {

using rondo::cuda::block_threads;

/// `work(c, chunk, i)` does element i of chunk c.
template <class Work>
__global__ void __launch_bounds__(block_threads)
    chunk_wise(const Chunk* chunks, std::size_t count, const __grid_constant__ Work work) {
  for (std::size_t c = blockIdx.x; c < count; c += gridDim.x) {
    const Chunk chunk = chunks[c];
#pragma unroll 4
    for (std::uint32_t i = threadIdx.x; i < chunk.count; i += block_threads)
      work(c, chunk, i);
  }
}

template <class Work>
void launch_chunk_wise(DeviceStream& stream, const char* name, Chunks chunks, const Work& work) {
  rondo::cuda::launch<&chunk_wise<Work>>(stream, name, chunks.size(), chunks.data(), chunks.size(),
                                         work);
}

}  // namespace rondo::grad::cuda
