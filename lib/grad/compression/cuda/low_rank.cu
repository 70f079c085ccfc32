// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "rondo/precision/strided_sum.hpp"

#include "base/cuda/block_sums.cuh"
#include "base/cuda/load_ahead.cuh"
#include "grad/compression/cuda/low_rank.hpp"
#include "grad/compression/cuda/together.cuh"
#include "grad/compression/elements.hpp"
#include "grad/compression/low_rank.hpp"

namespace rondo::grad::cuda {
namespace {

using rondo::cuda::block_threads;
using rondo::cuda::load_ahead;

static_assert(row_sums == warp_threads);
static_assert(tile_rows == block_warps);
static_assert(strip_columns == block_threads);
static_assert(precision::most_strided_sums == block_threads);

/// Rows of a factor that go through the matrix together.
constexpr int rows_at_once = 4;
/// Elements of a matrix that a thread has on their way.
constexpr int elements_ahead = 8;
/// Of a row that a thread makes from factors together, a warp's width apart.
constexpr int columns_at_once = 4;

/// As kernels take it.
struct Work {
  const LowRankMatrix* matrices;
  std::size_t matrix_count;
  const LowRankTile* row_tiles;
  std::size_t row_tile_count;
  const LowRankTile* tiles;
  std::size_t tile_count;
  float* gradients;
  float* residual;
  float* p;
  float* q;
  float* parts;
  float* warm;
  std::uint32_t* finite;

  explicit Work(const LowRank& work)
      : matrices(work.matrices.data()),
        matrix_count(work.matrices.size()),
        row_tiles(work.row_tiles.data()),
        row_tile_count(work.row_tiles.size()),
        tiles(work.tiles.data()),
        tile_count(work.tiles.size()),
        gradients(work.gradients.data()),
        residual(work.residual.data()),
        p(work.p.data()),
        q(work.q.data()),
        parts(work.parts.data()),
        warm(work.warm.data()),
        finite(work.finite.data()) {}
};

/// Calls visit(matrix, its index, row) for the warp's rows.
template <class Visit>
__device__ __forceinline__ void visit_rows(const Work& work, Visit visit) {
  for (std::size_t t = blockIdx.x; t < work.row_tile_count; t += gridDim.x) {
    const LowRankTile tile = work.row_tiles[t];
    const LowRankMatrix& matrix = work.matrices[tile.matrix];
    const std::size_t row = tile.slice * tile_rows + threadIdx.x / warp_threads;
    if (row < matrix.shape.rows) visit(matrix, tile.matrix, row);
  }
}

/// Calls visit(matrix, its index, slice, column) for the thread's columns of slices.
template <class Visit>
__device__ __forceinline__ void visit_columns(const Work& work, Visit visit) {
  for (std::size_t t = blockIdx.x; t < work.tile_count; t += gridDim.x) {
    const LowRankTile tile = work.tiles[t];
    const LowRankMatrix& matrix = work.matrices[tile.matrix];
    const std::size_t column = tile.strip * strip_columns + threadIdx.x;
    if (column < matrix.shape.columns) visit(matrix, tile.matrix, tile.slice, column);
  }
}

/// Rows [k, k + rows_at_once) of p at a row of the matrix, to which the residual comes with the
/// first of them.
template <bool with_residual>
__device__ __forceinline__ void multiply_row(const Work& work, const LowRankMatrix& matrix,
                                             std::size_t row, std::size_t k) {
  const auto& [begin, rows, columns, rank, random] = matrix.shape;
  const unsigned lane = threadIdx.x % warp_threads;
  const int count = static_cast<int>(std::min(std::size_t{rows_at_once}, rank - k));
  float* const gradients = work.gradients + begin + row * columns;
  const float* const residual = work.residual + begin + row * columns;
  const float* const warm = work.warm + matrix.warm + k * columns;
  struct Loaded {
    float gradient;
    float residual;
    float warm[rows_at_once];
  };
  float sums[rows_at_once] = {};
  load_ahead<elements_ahead>(
      lane, columns, warp_threads,
      [&](std::size_t c) {
        Loaded loaded{
            .gradient = gradients[c], .residual = with_residual ? residual[c] : 0, .warm = {}};
#pragma unroll
        for (int e = 0; e < rows_at_once; ++e)
          loaded.warm[e] = e < count ? warm[e * columns + c] : 0;
        return loaded;
      },
      [&](const Loaded& loaded, std::size_t c) {
        float gradient = loaded.gradient;
        if constexpr (with_residual) {
          gradient += loaded.residual;
          gradients[c] = gradient;
        }
#pragma unroll
        for (int e = 0; e < rows_at_once; ++e)
          if (e < count) sums[e] += gradient * loaded.warm[e];
      });
#pragma unroll
  for (int e = 0; e < rows_at_once; ++e) {
#pragma unroll
    for (unsigned half = warp_threads / 2; half > 0; half /= 2)
      sums[e] += __shfl_down_sync(whole_warp, sums[e], half);
    if (lane == 0 && e < count) work.p[matrix.p + (k + e) * rows + row] = sums[e];
  }
}

__global__ void __launch_bounds__(block_threads)
    multiply_rows_kernel(const __grid_constant__ Work work) {
  visit_rows(work, [&](const LowRankMatrix& matrix, std::uint32_t /*m*/, std::size_t row) {
    multiply_row<true>(work, matrix, row, 0);
    for (std::size_t k = rows_at_once; k < matrix.shape.rank; k += rows_at_once)
      multiply_row<false>(work, matrix, row, k);
  });
}

/// The strided_sum() of what the block's threads added up, for all of them.
__device__ __forceinline__ double total_of_block(double own) {
  __shared__ double total;
  double sums[1] = {own};
  rondo::cuda::add_up(sums, 1);
  if (threadIdx.x == 0) total = sums[0];
  __syncthreads();
  return total;
}

/// Calls visit(i) for the thread's elements of `count`.
template <class Visit>
__device__ __forceinline__ void visit_own(std::size_t count, Visit visit) {
#pragma unroll 4
  for (std::size_t i = threadIdx.x; i < count; i += block_threads)
    visit(i);
}

__device__ __forceinline__ double inner_product(const float* a, const float* b, std::size_t count) {
  double sum = 0;
  visit_own(count,
            [&](std::size_t i) { sum += static_cast<double>(a[i]) * static_cast<double>(b[i]); });
  return total_of_block(sum);
}

__device__ __forceinline__ double length_of_row(const float* row, std::size_t count) {
  return sqrt(inner_product(row, row, count));
}

__device__ __forceinline__ bool all_finite(const float* values, std::size_t count) {
  double others = 0;
  visit_own(count, [&](std::size_t i) { others += element::is_finite(values[i]) ? 0.0 : 1.0; });
  return total_of_block(others) == 0;
}

/// A thread has the same elements of all rows, and reads no others'.
__device__ __forceinline__ void orthonormalize_rows(float* rows, std::size_t rank,
                                                    std::size_t count) {
  for (std::size_t k = 0; k < rank; ++k) {
    float* const row = rows + k * count;
    const double before = length_of_row(row, count);
    for (std::size_t j = 0; j < 2 * k; ++j) {
      const float* const earlier = rows + (j % k) * count;
      const auto factor = static_cast<float>(-inner_product(earlier, row, count));
      visit_own(count, [&](std::size_t i) { row[i] += factor * earlier[i]; });
    }
    const double factor = element::unit_factor(before, length_of_row(row, count));
    visit_own(count, [&](std::size_t i) {
      row[i] = static_cast<float>(static_cast<double>(row[i]) * factor);
    });
  }
}

/// A block a matrix.
__global__ void __launch_bounds__(block_threads)
    orthonormalize_kernel(const __grid_constant__ Work work) {
  for (std::size_t m = blockIdx.x; m < work.matrix_count; m += gridDim.x) {
    const LowRankMatrix& matrix = work.matrices[m];
    const auto& [begin, rows, columns, rank, random] = matrix.shape;
    float* const p = work.p + matrix.p;
    if (threadIdx.x == 0) work.finite[m] = 1;
    if (all_finite(p, rank * rows))
      orthonormalize_rows(p, rank, rows);
    else
      visit_own(rank * rows,
                [&](std::size_t i) { p[i] = std::numeric_limits<float>::quiet_NaN(); });
  }
}

/// Rows [k, k + rows_at_once) of q at a column, of the rows of a slice.
__device__ __forceinline__ void add_slice(const Work& work, const LowRankMatrix& matrix,
                                          std::size_t slice, std::size_t column, std::size_t k) {
  const auto& [begin, rows, columns, rank, random] = matrix.shape;
  const int count = static_cast<int>(std::min(std::size_t{rows_at_once}, rank - k));
  const float* const gradients = work.gradients + begin + column;
  const float* const p = work.p + matrix.p + k * rows;
  float sums[rows_at_once] = {};
  load_ahead<elements_ahead>(
      slice * slice_rows, std::min((slice + 1) * slice_rows, rows), 1,
      [&](std::size_t row) { return gradients[row * columns]; },
      [&](float gradient, std::size_t row) {
#pragma unroll
        for (int e = 0; e < rows_at_once; ++e)
          if (e < count) sums[e] += p[e * rows + row] * gradient;
      });
#pragma unroll
  for (int e = 0; e < rows_at_once; ++e)
    if (e < count) work.parts[matrix.parts + (slice * rank + k + e) * columns + column] = sums[e];
}

__global__ void __launch_bounds__(block_threads)
    multiply_slices_kernel(const __grid_constant__ Work work) {
  visit_columns(work, [&](const LowRankMatrix& matrix, std::uint32_t /*m*/, std::size_t slice,
                          std::size_t column) {
    for (std::size_t k = 0; k < matrix.shape.rank; k += rows_at_once)
      add_slice(work, matrix, slice, column, k);
  });
}

__global__ void __launch_bounds__(block_threads)
    add_slices_kernel(const __grid_constant__ Work work) {
  visit_columns(work, [&](const LowRankMatrix& matrix, std::uint32_t m, std::size_t slice,
                          std::size_t column) {
    if (slice > 0) return;
    const auto& [begin, rows, columns, rank, random] = matrix.shape;
    const std::size_t slices = (rows + slice_rows - 1) / slice_rows;
    for (std::size_t k = 0; k < rank; ++k) {
      const float* const parts = work.parts + matrix.parts + k * columns + column;
      float sum = 0;
      for (std::size_t s = 0; s < slices; ++s)
        sum += parts[s * rank * columns];
      work.q[matrix.q + k * columns + column] = sum;
      if (!element::is_finite(sum)) work.finite[m] = 0;
    }
  });
}

/// A row of p^T q, or of the gradients less that.
template <bool subtracts>
__device__ __forceinline__ void expand_row(const Work& work, const LowRankMatrix& matrix,
                                           std::size_t row, float* results) {
  const auto& [begin, rows, columns, rank, random] = matrix.shape;
  const std::size_t first = begin + row * columns;
  const float* const p = work.p + matrix.p + row;
  const float* const q = work.q + matrix.q;
  constexpr std::size_t step = std::size_t{columns_at_once} * warp_threads;
  for (std::size_t c = threadIdx.x % warp_threads; c < columns; c += step) {
    const auto column = [&](int e) { return c + e * std::size_t{warp_threads}; };
    float sums[columns_at_once] = {};
#pragma unroll
    for (int e = 0; e < columns_at_once; ++e)
      if (subtracts && column(e) < columns) sums[e] = work.gradients[first + column(e)];
#pragma unroll 4
    for (std::size_t k = 0; k < rank; ++k) {
      const float factor = subtracts ? -p[k * rows] : p[k * rows];
#pragma unroll
      for (int e = 0; e < columns_at_once; ++e)
        if (column(e) < columns) sums[e] += factor * q[k * columns + column(e)];
    }
#pragma unroll
    for (int e = 0; e < columns_at_once; ++e)
      if (column(e) < columns) results[first + column(e)] = sums[e];
  }
}

__global__ void __launch_bounds__(block_threads)
    subtract_factors_kernel(const __grid_constant__ Work work) {
  visit_rows(work, [&](const LowRankMatrix& matrix, std::uint32_t m, std::size_t row) {
    if (work.finite[m] != 0) expand_row<true>(work, matrix, row, work.residual);
  });
}

__global__ void __launch_bounds__(block_threads)
    multiply_factors_kernel(const __grid_constant__ Work work) {
  visit_rows(work, [&](const LowRankMatrix& matrix, std::uint32_t /*m*/, std::size_t row) {
    expand_row<false>(work, matrix, row, work.gradients);
  });
}

/// A block a matrix.
__global__ void __launch_bounds__(block_threads)
    keep_factors_kernel(const __grid_constant__ Work work) {
  for (std::size_t m = blockIdx.x; m < work.matrix_count; m += gridDim.x) {
    const LowRankMatrix& matrix = work.matrices[m];
    const auto& [begin, rows, columns, rank, random] = matrix.shape;
    if (!all_finite(work.q + matrix.q, rank * columns)) continue;
    for (std::size_t k = 0; k < rank; ++k) {
      const float* const row = work.q + matrix.q + k * columns;
      float* const warm = work.warm + matrix.warm + k * columns;
      const double length = length_of_row(row, columns);
      visit_own(columns, [&](std::size_t c) {
        warm[c] = length > 0 ? static_cast<float>(static_cast<double>(row[c]) / length)
                             : element::fresh_factor(random, k * columns + c);
      });
    }
  }
}

}  // namespace

void multiply_rows(DeviceStream& stream, const LowRank& work) {
  rondo::cuda::launch<&multiply_rows_kernel>(stream, "grad::multiply_rows", work.row_tiles.size(),
                                             Work(work));
}

void orthonormalize(DeviceStream& stream, const LowRank& work) {
  rondo::cuda::launch<&orthonormalize_kernel>(stream, "grad::orthonormalize", work.matrices.size(),
                                              Work(work));
}

void multiply_columns(DeviceStream& stream, const LowRank& work) {
  rondo::cuda::launch<&multiply_slices_kernel>(stream, "grad::multiply_slices", work.tiles.size(),
                                               Work(work));
  rondo::cuda::launch<&add_slices_kernel>(stream, "grad::add_slices", work.tiles.size(),
                                          Work(work));
}

void subtract_factors(DeviceStream& stream, const LowRank& work) {
  rondo::cuda::launch<&subtract_factors_kernel>(stream, "grad::subtract_factors",
                                                work.row_tiles.size(), Work(work));
}

void multiply_factors(DeviceStream& stream, const LowRank& work) {
  rondo::cuda::launch<&multiply_factors_kernel>(stream, "grad::multiply_factors",
                                                work.row_tiles.size(), Work(work));
}

void keep_factors(DeviceStream& stream, const LowRank& work) {
  rondo::cuda::launch<&keep_factors_kernel>(stream, "grad::keep_factors", work.matrices.size(),
                                            Work(work));
}

}  // namespace rondo::grad::cuda
