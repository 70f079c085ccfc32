// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "rondo/base/error.hpp"
#include "rondo/precision/device_norm.hpp"
#include "rondo/precision/squares.hpp"

#include "base/cuda/element_wise.cuh"
#include "base/cuda/last_block.cuh"
#include "precision/cuda/piece_squares.cuh"
#include "precision/kernels/verdict.hpp"

namespace rondo::precision {
namespace {

using cuda::pieces_per_block;
using cuda::sums_per_thread;
using cuda::threads_per_piece;
using rondo::cuda::block_threads;

constexpr int totals_per_thread = static_cast<int>(GradientNorm::partial_sums) / block_threads;

struct NormWork {
  const DevicePiece* pieces;
  std::size_t piece_count;
  const float* grads;
  bool aligned;  // grads, to sixteen bytes
  Unscaling unscaling;
  double* squares;
  GradientVerdict* verdict;
  std::uint32_t* blocks_done;
};

using Values = rondo::cuda::Pack<float, sums_per_thread>;

__device__ __forceinline__ void add_squares(const Values& values, cuda::PartialSums& sums) {
#pragma unroll
  for (int k = 0; k < sums_per_thread; ++k)
    cuda::add_square(values.at[k], sums[k]);
}

/// `count` elements at most, zeros behind them.
__device__ __forceinline__ Values load_some(const float* from, int count) {
  Values values;
#pragma unroll
  for (int k = 0; k < sums_per_thread; ++k)
    values.at[k] = k < count ? from[k] : 0.0F;
  return values;
}

/// This thread's part of the squares of a piece.
__device__ __forceinline__ void add_piece(const float* piece, int count, bool aligned, int lane,
                                          cuda::PartialSums& sums) {
  constexpr int sixteen = static_cast<int>(SquareSum::count);
  const int mine = lane * sums_per_thread;
  int i = 0;
  if (aligned) {
#pragma unroll 8
    for (; i + sixteen <= count; i += sixteen)
      add_squares(rondo::cuda::load_pack<sums_per_thread>(piece + i + mine), sums);
  }
  for (; i < count; i += sixteen)
    add_squares(load_some(piece + i + mine, count - i - mine), sums);
}

__device__ void sum_pieces(const NormWork& work) {
  const int lane = static_cast<int>(threadIdx.x) % threads_per_piece;
  const std::size_t stride = std::size_t{gridDim.x} * pieces_per_block;
  // All threads go on together: the shuffles need whole warps.
  for (std::size_t first = blockIdx.x * pieces_per_block; first < work.piece_count;
       first += stride) {
    const std::size_t i = first + threadIdx.x / threads_per_piece;
    const DevicePiece piece = i < work.piece_count ? work.pieces[i] : DevicePiece{};
    cuda::PartialSums sums = {};
    add_piece(work.grads + piece.begin, piece.count,
              work.aligned && piece.begin % sums_per_thread == 0, lane, sums);
    const double sum = cuda::total(sums);
    if (lane == 0 && i < work.piece_count) work.squares[i] = sum;
  }
}

/// Running averages add nothing, but what is not finite in them makes the sum NaN.
__device__ __forceinline__ double counted_square(const NormWork& work, std::size_t i) {
  const double share = work.pieces[i].role == ParameterRole::statistic ? 0.0 : 1.0;
  return share * __ldcg(work.squares + i);
}

__device__ void add_all_pieces(const NormWork& work) {
  __shared__ double sums[GradientNorm::partial_sums];
  double mine[totals_per_thread] = {};
  for (std::size_t i = 0; i < work.piece_count; i += GradientNorm::partial_sums) {
#pragma unroll
    for (int k = 0; k < totals_per_thread; ++k) {
      const std::size_t piece = i + k * block_threads + threadIdx.x;
      if (piece < work.piece_count) mine[k] += counted_square(work, piece);
    }
  }
#pragma unroll
  for (int k = 0; k < totals_per_thread; ++k)
    sums[k * block_threads + threadIdx.x] = mine[k];
  for (std::size_t half = GradientNorm::partial_sums / 2; half > 0; half /= 2) {
    __syncthreads();
    for (std::size_t i = threadIdx.x; i < half; i += block_threads)
      sums[i] += sums[i + half];
  }
  if (threadIdx.x == 0) *work.verdict = judge(sums[0], work.unscaling);
}

__global__ void __launch_bounds__(block_threads)
    measure_norm(const __grid_constant__ NormWork work) {
  sum_pieces(work);
  if (rondo::cuda::is_last_block(work.blocks_done)) add_all_pieces(work);
}

}  // namespace

GradientNorm::GradientNorm(const Device& device, const DevicePieces& pieces)
    : pieces_(pieces),
      squares_(device, pieces.size(), "the squares of the gradient's pieces"),
      verdict_(device, 1, "the gradient's norm"),
      blocks_done_(device, 1, "the gradient's norm") {}

void GradientNorm::measure(DeviceStream& stream, DeviceSpan<const float> grads,
                           const Unscaling& unscaling) {
  require(grads.size() >= pieces_.elements(), "fewer gradients than the pieces cover");
  require(unscaling.divisor > 0 && unscaling.clip_norm > 0,
          "the gradient's divisor and the bound of its norm must be above 0");
  const NormWork work{
      .pieces = pieces_.span().data(),
      .piece_count = pieces_.size(),
      .grads = grads.data(),
      .aligned = rondo::cuda::is_aligned({grads.data(), sizeof(float)}, sums_per_thread, 0),
      .unscaling = unscaling,
      .squares = squares_.span().data(),
      .verdict = verdict_.span().data(),
      .blocks_done = blocks_done_.span().data()};
  const std::size_t blocks = (pieces_.size() + pieces_per_block - 1) / pieces_per_block;
  rondo::cuda::launch<&measure_norm>(stream, "precision::measure_norm",
                                     std::max(blocks, std::size_t{1}), work);
}

}  // namespace rondo::precision
