// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "base/cuda/element_wise.cuh"
#include "base/cuda/float16.cuh"
#include "optim/cuda/update.hpp"
#include "precision/cuda/piece_squares.cuh"
#include "precision/kernels/rounding_element.hpp"

/// What kernels over the pieces of an arena have in common.
namespace rondo::optim::cuda {

/// As an argument: so many elements at once.
template <int n>
using Width = std::integral_constant<int, n>;

/// What a thread has of the sums of a piece.
struct Measured {
  precision::cuda::PartialSums values = {};
  precision::cuda::PartialSums directions = {};
};

/// Calls visit(Width<n>(), first, sum) for the elements of a piece whose squares a thread adds up,
/// from `first` on, of which the first is for the partial sum `sum`.
template <class Visit>
__device__ __forceinline__ void visit_elements(int count, bool aligned, int lane, Visit visit) {
  constexpr int at_once = precision::cuda::sums_per_thread;
  for (int first = lane * at_once; first < count;
       first += static_cast<int>(precision::SquareSum::count)) {
    const int mine = min(at_once, count - first);
    if (aligned && mine == at_once) {
      visit(Width<at_once>(), first, 0);
      continue;
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k)
      if (k < mine) visit(Width<1>(), first + k, k);
  }
}

/// Stores the norms of all pieces: `measure(piece, lane, measured)` adds a thread's part.
template <class Measure>
__device__ __forceinline__ void measure_pieces(const UpdateWork& work, SquareSums* norms,
                                               Measure measure) {
  using precision::cuda::pieces_per_block;
  using precision::cuda::threads_per_piece;
  const int lane = static_cast<int>(threadIdx.x) % threads_per_piece;
  const std::size_t stride = std::size_t{gridDim.x} * pieces_per_block;
  // All threads go on together: the shuffles need whole warps.
  for (std::size_t first = blockIdx.x * pieces_per_block; first < work.piece_count;
       first += stride) {
    const std::size_t i = first + threadIdx.x / threads_per_piece;
    Measured measured;
    if (i < work.piece_count) measure(work.pieces[i], lane, measured);
    const double value = precision::cuda::total(measured.values);
    const double direction = precision::cuda::total(measured.directions);
    if (lane == 0 && i < work.piece_count) norms[i] = {value, direction};
  }
}

/// A block's threads take the four elements each that a piece may have for them.
inline constexpr int piece_width =
    static_cast<int>(precision::DevicePiece::most_elements) / rondo::cuda::block_threads;
static_assert(piece_width == 4);

/// Calls `update(piece)` for the pieces of a block.
template <class Update>
__device__ __forceinline__ void visit_pieces(const UpdateWork& work, Update update) {
  precision::DevicePiece next = work.pieces[blockIdx.x];
  for (std::size_t i = blockIdx.x; i < work.piece_count; i += gridDim.x) {
    const precision::DevicePiece piece = next;
    if (i + gridDim.x < work.piece_count) next = work.pieces[i + gridDim.x];
    update(piece);
  }
}

/// Calls update(Width<n>(), first) for this thread's elements of a piece.
template <class Update>
__device__ __forceinline__ void update_own(int count, bool aligned, Update update) {
  const int first = static_cast<int>(threadIdx.x) * piece_width;
  const int mine = min(piece_width, count - first);
  if (aligned && mine == piece_width) return update(Width<piece_width>(), first);
  for (int k = 0; k < mine; ++k)
    update(Width<1>(), first + k);
}

/// `n` elements are 1, or 4 of which the first stands at a multiple of 4: they draw from one block.
template <int n>
__device__ __forceinline__ void store_copy(const UpdateWork& work,
                                           const rondo::cuda::Pack<float, n>& values,
                                           std::size_t i) {
  using rondo::cuda::store_pack;
  if (work.copy == nullptr) return;
  if (!work.at_random) return store_pack(rondo::cuda::rounded<bfloat16>(values), work.copy + i);
  const auto random = precision::rounding_block(work.seed, work.step, i);
  rondo::cuda::Pack<bfloat16, n> rounded;
#pragma unroll
  for (int k = 0; k < n; ++k)
    rounded.at[k] = precision::round_at_random(values.at[k], random, i + k);
  store_pack(rounded, work.copy + i);
}

/// Running averages.
template <int n>
__device__ __forceinline__ void follow_elements(const UpdateWork& work, std::size_t i) {
  const auto [momentum, weight_inverse] = work.statistic;
  auto values = rondo::cuda::load_pack<n>(work.values + i);
  const auto sums = rondo::cuda::load_pack<n>(work.grads + i);
#pragma unroll
  for (int k = 0; k < n; ++k)
    values.at[k] = (1.0F - momentum) * values.at[k] + momentum * (sums.at[k] * weight_inverse);
  rondo::cuda::store_pack(values, work.values + i);
}

}  // namespace rondo::optim::cuda
