// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/strided_sum.hpp"

#include "base/cuda/block_sums.cuh"
#include "base/cuda/load_ahead.cuh"
#include "optim/cuda/piece_walk.cuh"
#include "optim/kernels/scalar.hpp"

namespace rondo::optim::cuda {
namespace {

using precision::DevicePiece;
using precision::cuda::pieces_per_block;
using precision::cuda::sums_per_thread;
using rondo::cuda::block_threads;
using rondo::cuda::load_pack;
using rondo::cuda::Pack;
using rondo::cuda::store_pack;

static_assert(precision::most_strided_sums == block_threads);

struct LambMeasure {
  using Factors = kernel::AdamFactors;
  static constexpr int slots = 2;
  static __device__ __forceinline__ float direction(float value, float* own, float sum,
                                                    const Factors& f) {
    return kernel::scalar::lamb_direction(value, own[0], own[1], sum, f);
  }
};

struct LarsMeasure {
  using Factors = LarsFactors;
  static constexpr int slots = 0;
  static __device__ __forceinline__ float direction(float /*value*/, float* /*slots*/, float sum,
                                                    const Factors& f) {
    return kernel::scalar::scaled_and_clipped(sum, f.gradient);
  }
};

/// The `n` elements from `i` on, of which the first is for the partial sum `first`.
template <class Measure, int n>
__device__ __forceinline__ void measure_elements(const UpdateWork& work,
                                                 const typename Measure::Factors& factors,
                                                 std::size_t i, std::size_t held, int first,
                                                 Measured& measured) {
  const auto values = load_pack<n>(work.values + i);
  const auto sums = load_pack<n>(work.grads + i);
  Pack<float, n> slots[Measure::slots + 1];  // one more: there are no arrays of length 0
#pragma unroll
  for (int k = 0; k < Measure::slots; ++k)
    slots[k] = load_pack<n>(work.slots[k] + held);
#pragma unroll
  for (int e = 0; e < n; ++e) {
    float own[Measure::slots + 1];
#pragma unroll
    for (int k = 0; k < Measure::slots; ++k)
      own[k] = slots[k].at[e];
    const float direction = Measure::direction(values.at[e], own, sums.at[e], factors);
    precision::cuda::add_square(values.at[e], measured.values[first + e]);
    precision::cuda::add_square(direction, measured.directions[first + e]);
#pragma unroll
    for (int k = 0; k < Measure::slots; ++k)
      slots[k].at[e] = own[k];
  }
#pragma unroll
  for (int k = 0; k < Measure::slots; ++k)
    store_pack(slots[k], work.slots[k] + held);
}

/// This thread's elements of a piece.
template <class Measure>
__device__ __forceinline__ void measure_piece(const UpdateWork& work,
                                              typename Measure::Factors factors,
                                              const DevicePiece& piece, int lane,
                                              Measured& measured) {
  if (piece.role == ParameterRole::statistic) return;
  if (piece.role != ParameterRole::weight) factors.decay = 0;
  const bool aligned = work.aligned && (piece.begin | piece.held) % sums_per_thread == 0;
  visit_elements(piece.count, aligned, lane, [&](auto width, int first, int sum) {
    measure_elements<Measure, decltype(width)::value>(work, factors, piece.begin + first,
                                                      piece.held + first, sum, measured);
  });
}

template <class Measure>
__global__ void __launch_bounds__(block_threads)
    measure(const __grid_constant__ UpdateWork work, typename Measure::Factors factors) {
  if (work.verdict != nullptr) {
    if (work.verdict->finite == 0) return;
    factors.gradient.scale = work.verdict->scale;
  }
  measure_pieces(work, work.piece_norms,
                 [&](const DevicePiece& piece, int lane, Measured& measured) {
                   measure_piece<Measure>(work, factors, piece, lane, measured);
                 });
}

/// The largest parameters have more than a hundred pieces for each thread of their block.
constexpr int norms_ahead = 8;

/// A block a parameter: its pieces as strided_sum() adds them.
__global__ void __launch_bounds__(block_threads, 1)
    sum_parameters(const __grid_constant__ UpdateWork work) {
  for (std::size_t p = blockIdx.x; p < work.parameters; p += gridDim.x) {
    double sums[2] = {};
    rondo::cuda::load_ahead<norms_ahead>(
        work.first_pieces[p] + threadIdx.x, work.first_pieces[p + 1], block_threads,
        [&](std::size_t i) { return work.piece_norms[i]; },
        [&](const auto& norms, std::size_t) {
          sums[0] += norms.value;
          sums[1] += norms.direction;
        });
    rondo::cuda::add_up(sums, 1);
    if (threadIdx.x == 0) work.norms[p] = {sums[0], sums[1]};
  }
}

template <class Measure>
void queue(DeviceStream& stream, const char* name, const UpdateWork& work,
           const typename Measure::Factors& factors) {
  rondo::cuda::launch<&measure<Measure>>(
      stream, name, (work.piece_count + pieces_per_block - 1) / pieces_per_block, work, factors);
}

}  // namespace

void measure_lamb(DeviceStream& stream, const UpdateWork& work,
                  const kernel::AdamFactors& factors) {
  queue<LambMeasure>(stream, "optim::measure_lamb", work, factors);
}
void measure_lars(DeviceStream& stream, const UpdateWork& work, const LarsFactors& factors) {
  queue<LarsMeasure>(stream, "optim::measure_lars", work, factors);
}
void sum_norms(DeviceStream& stream, const UpdateWork& work) {
  rondo::cuda::launch<&sum_parameters>(stream, "optim::sum_norms", work.parameters, work);
}

}  // namespace rondo::optim::cuda
