// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/cuda/launch.cuh"

namespace rondo::grad::cuda {

inline constexpr unsigned warp_threads = 32;
inline constexpr unsigned whole_warp = 0xFFFFFFFFU;
inline constexpr unsigned block_warps = rondo::cuda::block_threads / warp_threads;

template <class T>
struct Scan {
  T before;  ///< the sum of what the threads before this one gave
  T total;
};

/// All threads of the block must call.
template <class T>
__device__ __forceinline__ Scan<T> scan_block(T value) {
  __shared__ T warps[block_warps];
  const unsigned lane = threadIdx.x % warp_threads;
  const unsigned warp = threadIdx.x / warp_threads;
  T sum = value;
#pragma unroll
  for (unsigned distance = 1; distance < warp_threads; distance *= 2) {
    const T below = __shfl_up_sync(whole_warp, sum, distance);
    if (lane >= distance) sum += below;
  }
  if (lane == warp_threads - 1) warps[warp] = sum;
  __syncthreads();
  Scan<T> scan{.before = sum - value, .total = 0};
#pragma unroll
  for (unsigned w = 0; w < block_warps; ++w) {
    if (w < warp) scan.before += warps[w];
    scan.total += warps[w];
  }
  __syncthreads();  // before the next call writes
  return scan;
}

/// The largest of what the warp's threads give. All of them must call.
__device__ __forceinline__ std::uint32_t largest_in_warp(std::uint32_t value) {
#pragma unroll
  for (unsigned distance = warp_threads / 2; distance > 0; distance /= 2) {
    const std::uint32_t other = __shfl_xor_sync(whole_warp, value, static_cast<int>(distance));
    value = other > value ? other : value;
  }
  return value;
}

}  // namespace rondo::grad::cuda
