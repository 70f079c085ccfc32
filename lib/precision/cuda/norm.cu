// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "rondo/base/error.hpp"
#include "rondo/precision/device_norm.hpp"
#include "rondo/precision/squares.hpp"
#include "rondo/precision/strided_sum.hpp"

#include "base/cuda/block_sums.cuh"
#include "base/cuda/element_wise.cuh"
#include "base/cuda/last_block.cuh"
#include "base/cuda/load_ahead.cuh"
#include "precision/cuda/piece_squares.cuh"
#include "precision/kernels/verdict.hpp"

namespace rondo::precision {
namespace {

using cuda::pieces_per_block;
using cuda::sums_per_thread;
using cuda::threads_per_piece;
using rondo::cuda::block_threads;

static_assert(most_strided_sums == block_threads);

struct PieceWork {
  const DevicePiece* pieces;
  std::size_t piece_count;
  const float* grads;
  bool aligned;  // grads, to sixteen bytes
  double* squares;
};

struct ParameterWork {
  const DevicePiece* pieces;
  const std::uint64_t* first_pieces;
  std::size_t parameters;
  const double* squares;
  double* parameter_squares;
  Unscaling unscaling;
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

__global__ void __launch_bounds__(block_threads)
    square_pieces(const __grid_constant__ PieceWork work) {
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

/// The largest parameters have more than a hundred pieces for each thread of the one block that
/// adds them up, one by one.
constexpr int values_ahead = 16;

/// strided_sum() by a block's threads; for the first of them. All must call.
template <class Value>
__device__ __forceinline__ double add_strided(std::size_t count, Value value) {
  double mine[1] = {};
  rondo::cuda::load_ahead<values_ahead>(threadIdx.x, count, block_threads, value,
                                        [&](double loaded, std::size_t) { mine[0] += loaded; });
  rondo::cuda::add_up(mine, 1);
  return mine[0];
}

__device__ __forceinline__ void sum_parameter(const ParameterWork& work, std::size_t parameter) {
  const std::size_t first = work.first_pieces[parameter];
  const double* const squares = work.squares + first;
  const double sum = add_strided(work.first_pieces[parameter + 1] - first,
                                 [squares](std::size_t i) { return squares[i]; });
  if (threadIdx.x == 0) work.parameter_squares[parameter] = sum;
}

/// Running averages add nothing, but what is not finite in them makes the sum NaN.
__device__ __forceinline__ double counted_square(const ParameterWork& work, std::size_t parameter) {
  const std::size_t first = work.first_pieces[parameter];
  if (first == work.first_pieces[parameter + 1]) return 0;
  const double share = work.pieces[first].role == ParameterRole::statistic ? 0.0 : 1.0;
  return share * __ldcg(work.parameter_squares + parameter);
}

__global__ void __launch_bounds__(block_threads, 1)
    sum_parameters(const __grid_constant__ ParameterWork work) {
  for (std::size_t p = blockIdx.x; p < work.parameters; p += gridDim.x)
    sum_parameter(work, p);
  if (!rondo::cuda::is_last_block(work.blocks_done)) return;
  const double sum =
      add_strided(work.parameters, [&work](std::size_t p) { return counted_square(work, p); });
  if (threadIdx.x == 0) *work.verdict = judge(sum, work.unscaling);
}

void require_valid(const Unscaling& unscaling) {
  require(unscaling.divisor > 0 && unscaling.clip_norm > 0,
          "the gradient's divisor and the bound of its norm must be above 0");
}

}  // namespace

GradientNorm::GradientNorm(const Device& device, const DevicePieces& pieces)
    : pieces_(pieces),
      squares_(device, pieces.size(), "the squares of the gradient's pieces"),
      parameter_squares_(device, pieces.parameters(), "the squares of gradients"),
      verdict_(device, 1, "the gradient's norm"),
      blocks_done_(device, 1, "the gradient's norm") {}

void GradientNorm::measure(DeviceStream& stream, DeviceSpan<const float> grads,
                           const Unscaling& unscaling) {
  require_valid(unscaling);
  measure_pieces(stream, grads);
  add_up(stream, unscaling);
}

void GradientNorm::measure_pieces(DeviceStream& stream, DeviceSpan<const float> grads) {
  require(grads.size() >= pieces_.elements(), "fewer gradients than the pieces cover");
  const PieceWork work{
      .pieces = pieces_.span().data(),
      .piece_count = pieces_.size(),
      .grads = grads.data(),
      .aligned = rondo::cuda::is_aligned({grads.data(), sizeof(float)}, sums_per_thread, 0),
      .squares = squares_.span().data()};
  rondo::cuda::launch<&square_pieces>(stream, "precision::square_pieces",
                                      (pieces_.size() + pieces_per_block - 1) / pieces_per_block,
                                      work);
}

void GradientNorm::add_up(DeviceStream& stream, const Unscaling& unscaling) {
  require_valid(unscaling);
  const ParameterWork work{.pieces = pieces_.span().data(),
                           .first_pieces = pieces_.first_pieces().data(),
                           .parameters = pieces_.parameters(),
                           .squares = squares_.span().data(),
                           .parameter_squares = parameter_squares_.span().data(),
                           .unscaling = unscaling,
                           .verdict = verdict_.span().data(),
                           .blocks_done = blocks_done_.span().data()};
  rondo::cuda::launch<&sum_parameters>(stream, "precision::sum_parameters",
                                       std::max(pieces_.parameters(), std::size_t{1}), work);
}

}  // namespace rondo::precision
