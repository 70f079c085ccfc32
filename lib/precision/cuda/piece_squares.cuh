// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "rondo/precision/squares.hpp"

#include "base/cuda/launch.cuh"

/// SquareSum by a few threads of a warp: each keeps some of the sixteen partial sums.
namespace rondo::precision::cuda {

inline constexpr int threads_per_piece = 4;
inline constexpr int sums_per_thread = static_cast<int>(SquareSum::count) / threads_per_piece;
inline constexpr std::size_t pieces_per_block = rondo::cuda::block_threads / threads_per_piece;

using PartialSums = double[sums_per_thread];

/// The square of a float is exact in f64, so that a fused addition rounds as a plain one does.
__device__ __forceinline__ void add_square(float value, double& sum) {
  const auto x = static_cast<double>(value);
  sum = fma(x, x, sum);
}

/// As SquareSum::total(); for the first of a piece's threads. Whole warps must call.
__device__ __forceinline__ double total(PartialSums& sums) {
  constexpr unsigned whole_warp = 0xFFFFFFFFU;
#pragma unroll
  for (int width = threads_per_piece / 2; width > 0; width /= 2)
#pragma unroll
    for (int k = 0; k < sums_per_thread; ++k)
      sums[k] += __shfl_down_sync(whole_warp, sums[k], width, threads_per_piece);
#pragma unroll
  for (int half = sums_per_thread / 2; half > 0; half /= 2)
#pragma unroll
    for (int k = 0; k < half; ++k)
      sums[k] += sums[k + half];
  return sums[0];
}

}  // namespace rondo::precision::cuda
