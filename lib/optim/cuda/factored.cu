// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/precision/strided_sum.hpp"

#include "base/cuda/block_sums.cuh"
#include "base/cuda/load_ahead.cuh"
#include "optim/cuda/factored.hpp"
#include "optim/cuda/piece_walk.cuh"
#include "optim/kernels/scalar.hpp"

namespace rondo::optim::cuda {
namespace {

using precision::DevicePiece;
using precision::SquareSum;
using rondo::cuda::block_threads;
using rondo::cuda::load_ahead;
using rondo::cuda::load_pack;
using rondo::cuda::store_pack;

using enum kernel::FactoredSlot;

/// Columns of a tile for each thread, which lie block_threads apart.
constexpr int own_columns = static_cast<int>(kernel::strip_columns) / block_threads;
/// So many rows are summed after their columns, while the L1 cache has them.
constexpr int rows_at_once = block_threads / static_cast<int>(SquareSum::count);
constexpr int slice_rows = static_cast<int>(kernel::slice_rows);
constexpr int row_group = static_cast<int>(kernel::row_group);
static_assert(own_columns * block_threads == static_cast<int>(kernel::strip_columns));
static_assert(precision::most_strided_sums == block_threads);

/// False: nothing may change.
__device__ __forceinline__ bool take_verdict(const UpdateWork& work, kernel::FactoredStep& step) {
  if (work.verdict == nullptr) return true;
  step.gradient.scale = work.verdict->scale;
  return work.verdict->finite != 0;
}

/// A tile's place in its matrix.
struct Place {
  FactoredParameter parameter;
  std::size_t first_row;
  std::size_t first_column;
  int rows;
  int columns;
  std::size_t slice;
  std::size_t strip;

  __device__ Place(const DeviceFactors::Memory& memory, const FactoredTile& tile)
      : parameter(memory.parameters[tile.parameter]),
        first_row(tile.slice * kernel::slice_rows),
        first_column(tile.strip * kernel::strip_columns),
        rows(static_cast<int>(
            std::min(std::size_t{kernel::slice_rows}, parameter.rows - first_row))),
        columns(static_cast<int>(
            std::min(std::size_t{kernel::strip_columns}, parameter.columns - first_column))),
        slice(tile.slice),
        strip(tile.strip) {}

  /// Of the arena: a row's part in the tile.
  __device__ std::size_t row_begin(int r) const {
    return parameter.begin + (first_row + r) * parameter.columns + first_column;
  }
  __device__ std::size_t row_sum(int r) const {
    return parameter.row_sums + strip * parameter.rows + first_row + r;
  }
  __device__ std::size_t column_sum(int c) const {
    return parameter.column_sums + slice * parameter.columns + first_column + c;
  }
  /// Of slot and roots.
  __device__ std::size_t row_place(int r) const { return parameter.slots[row] + first_row + r; }
  __device__ std::size_t column_place(int c) const {
    return parameter.slots[column] + first_column + c;
  }
};

/// Calls visit(place) for the tiles of a block.
template <class Visit>
__device__ __forceinline__ void visit_tiles(const FactoredWork& work, Visit visit) {
  for (std::size_t i = blockIdx.x; i < work.factors.tile_count; i += gridDim.x)
    visit(Place(work.factors, work.factors.tiles[i]));
}

/// Calls visit(column, k-th sum) for this thread's columns of a tile.
template <class Visit>
__device__ __forceinline__ void visit_columns(const Place& place, Visit visit) {
#pragma unroll
  for (int k = 0; k < own_columns; ++k) {
    const int c = static_cast<int>(threadIdx.x) + k * block_threads;
    if (c < place.columns) visit(c, k);
  }
}

template <int n>
__device__ __forceinline__ void measure_elements(const FactoredWork& work,
                                                 const kernel::SquareFactors& factors,
                                                 const FactoredParameter& parameter, std::size_t i,
                                                 int sum, Measured& measured) {
  const auto values = load_pack<n>(work.update.values + i);
#pragma unroll
  for (int e = 0; e < n; ++e)
    precision::cuda::add_square(values.at[e], measured.values[sum + e]);
  if (parameter.rows > 0) return;
  const auto sums = load_pack<n>(work.update.grads + i);
  float* const own = work.update.slots[square] + parameter.slots[square] + i - parameter.begin;
  auto squares = load_pack<n>(own);
#pragma unroll
  for (int e = 0; e < n; ++e) {
    const float direction = kernel::scalar::follow_square(squares.at[e], sums.at[e], factors);
    precision::cuda::add_square(direction, measured.directions[sum + e]);
  }
  store_pack(squares, own);
}

/// Whether vectors of four elements can be loaded of all that a piece needs.
__device__ __forceinline__ bool is_aligned(const UpdateWork& work,
                                           const FactoredParameter& parameter,
                                           const DevicePiece& piece) {
  const std::size_t own = parameter.slots[square] + piece.begin - parameter.begin;
  return work.aligned && piece.begin % 4 == 0 && (parameter.rows > 0 || own % 4 == 0);
}

__global__ void __launch_bounds__(block_threads)
    measure(const __grid_constant__ FactoredWork work) {
  kernel::FactoredStep step = work.step;
  if (!take_verdict(work.update, step)) return;
  const kernel::SquareFactors factors = kernel::square_factors(step);
  measure_pieces(work.update, work.factors.pieces,
                 [&](const DevicePiece& piece, int lane, Measured& measured) {
                   if (piece.role == ParameterRole::statistic) return;
                   const FactoredParameter& parameter = work.factors.parameters[piece.parameter];
                   visit_elements(piece.count, is_aligned(work.update, parameter, piece), lane,
                                  [&](auto width, int first, int sum) {
                                    measure_elements<decltype(width)::value>(
                                        work, factors, parameter, piece.begin + first, sum,
                                        measured);
                                  });
                 });
}

/// The sum of `count` squares in the order of SquareSum, by as many threads as it has partial sums;
/// for the first. Whole warps must call.
__device__ __forceinline__ double sum_row(const float* sums, int count,
                                          const kernel::Gradient& gradient) {
  constexpr int threads = static_cast<int>(SquareSum::count);
  double sum = 0;
#pragma unroll 4
  for (int i = static_cast<int>(threadIdx.x) % threads; i < count; i += threads)
    precision::cuda::add_square(kernel::scalar::scaled_and_clipped(sums[i], gradient), sum);
#pragma unroll
  for (int width = threads / 2; width > 0; width /= 2)
    sum += __shfl_down_sync(0xFFFFFFFFU, sum, width, threads);
  return sum;
}

/// Some rows of a tile: first what they add to its columns, then their own sums.
__device__ __forceinline__ void sum_rows(const FactoredWork& work, const Place& place,
                                         const kernel::Gradient& gradient, int first,
                                         double (&columns)[own_columns]) {
  const float* const grads = work.update.grads;
  const int end = min(first + rows_at_once, place.rows);
#pragma unroll 4
  for (int r = first; r < end; ++r)
    visit_columns(place, [&](int c, int k) {
      const float g = kernel::scalar::scaled_and_clipped(grads[place.row_begin(r) + c], gradient);
      precision::cuda::add_square(g, columns[k]);
    });
  const int r = first + static_cast<int>(threadIdx.x / SquareSum::count);
  const bool is_row = r < end;
  const double sum =
      sum_row(grads + place.row_begin(is_row ? r : first), is_row ? place.columns : 0, gradient);
  if (is_row && threadIdx.x % SquareSum::count == 0) work.factors.row_sums[place.row_sum(r)] = sum;
}

__global__ void __launch_bounds__(block_threads)
    sum_squares(const __grid_constant__ FactoredWork work) {
  kernel::FactoredStep step = work.step;
  if (!take_verdict(work.update, step)) return;
  visit_tiles(work, [&](const Place& place) {
    double columns[own_columns] = {};
    for (int first = 0; first < place.rows; first += rows_at_once)
      sum_rows(work, place, step.gradient, first, columns);
    visit_columns(
        place, [&](int c, int k) { work.factors.column_sums[place.column_sum(c)] = columns[k]; });
  });
}

/// Partial sums of a row or a column: more than one or two of long ones.
constexpr int sums_ahead = 8;

/// The sum of `count` partial sums, `stride` apart, in their order.
__device__ __forceinline__ double add_parts(const double* sums, std::size_t count,
                                            std::size_t stride) {
  double sum = 0;
  load_ahead<sums_ahead>(
      0, count, 1, [&](std::size_t i) { return sums[i * stride]; },
      [&](double part, std::size_t) { sum += part; });
  return sum;
}

__device__ __forceinline__ std::size_t parts_of(std::size_t count, std::size_t part) {
  return (count + part - 1) / part;
}

__device__ __forceinline__ double column_total(const FactoredWork& work,
                                               const FactoredParameter& parameter, std::size_t c) {
  return add_parts(work.factors.column_sums + parameter.column_sums + c,
                   parts_of(parameter.rows, kernel::slice_rows), parameter.columns);
}

/// The second moments of a tile's rows.
__device__ __forceinline__ void follow_rows(const FactoredWork& work, const Place& place) {
  const auto r = static_cast<int>(threadIdx.x);
  if (r >= place.rows) return;
  const FactoredParameter& parameter = place.parameter;
  const double sum = add_parts(work.factors.row_sums + parameter.row_sums + place.first_row + r,
                               parts_of(parameter.columns, kernel::strip_columns), parameter.rows);
  kernel::follow(work.update.slots[row][place.row_place(r)],
                 sum / static_cast<double>(parameter.columns) + work.step.epsilon, work.step.beta);
}

__device__ __forceinline__ void follow_columns(const FactoredWork& work, const Place& place) {
  visit_columns(place, [&](int c, int) {
    float& mean = work.update.slots[column][place.column_place(c)];
    const double sum = column_total(work, place.parameter, place.first_column + c);
    kernel::follow(mean, sum / static_cast<double>(place.parameter.rows) + work.step.epsilon,
                   work.step.beta);
    work.factors.column_roots[place.column_place(c)] =
        kernel::inverse_root(static_cast<double>(mean));
  });
}

__global__ void __launch_bounds__(block_threads)
    follow_means(const __grid_constant__ FactoredWork work) {
  if (work.update.verdict != nullptr && work.update.verdict->finite == 0) return;
  visit_tiles(work, [&](const Place& place) {
    if (place.strip == 0) follow_rows(work, place);
    if (place.slice == 0) follow_columns(work, place);
  });
}

/// Adds the squares of `rows` rows from `first` on, by their roots, to the sums of their columns.
template <int rows>
__device__ __forceinline__ void add_scaled(const FactoredWork& work, const Place& place,
                                           const kernel::Gradient& gradient, int first,
                                           const float* roots, double (&columns)[own_columns]) {
  visit_columns(place, [&](int c, int k) {
    float sum = 0;
#pragma unroll
    for (int r = first; r < first + rows; ++r)
      sum = sum + kernel::scalar::scaled_square(work.update.grads[place.row_begin(r) + c], roots[r],
                                                gradient);
    columns[k] += static_cast<double>(sum);
  });
}

__global__ void __launch_bounds__(block_threads)
    sum_scaled_squares(const __grid_constant__ FactoredWork work) {
  __shared__ float roots[slice_rows];
  kernel::FactoredStep step = work.step;
  if (!take_verdict(work.update, step)) return;
  visit_tiles(work, [&](const Place& place) {
    const auto self = static_cast<int>(threadIdx.x);
    __syncthreads();  // of the tile before
    if (self < place.rows)
      roots[self] =
          kernel::inverse_root(static_cast<double>(work.update.slots[row][place.row_place(self)]));
    __syncthreads();
    double columns[own_columns] = {};
    int r = 0;
    for (; r + row_group <= place.rows; r += row_group)
      add_scaled<row_group>(work, place, step.gradient, r, roots, columns);
    for (; r < place.rows; ++r)
      add_scaled<1>(work, place, step.gradient, r, roots, columns);
    visit_columns(
        place, [&](int c, int k) { work.factors.column_sums[place.column_sum(c)] = columns[k]; });
  });
}

/// strided_sum() of value(0), ..., value(count - 1): this thread's partial sum.
template <class Value>
__device__ __forceinline__ double add_own(std::size_t count, Value value) {
  double sum = 0;
  for (std::size_t i = threadIdx.x; i < count; i += block_threads)
    sum += value(i);
  return sum;
}

/// For the first thread: the sums of a parameter, and of a matrix's rows.
struct Weight {
  SquareSums squares = {};
  double row_mean = 0;
};

__device__ __forceinline__ Weight weigh(const FactoredWork& work,
                                        const FactoredParameter& parameter, std::size_t p) {
  const DeviceFactors::Memory& memory = work.factors;
  double sums[4] = {};
  load_ahead<sums_ahead>(
      work.update.first_pieces[p] + threadIdx.x, work.update.first_pieces[p + 1], block_threads,
      [&](std::size_t i) { return memory.pieces[i]; },
      [&](const auto& squares, std::size_t) {
        sums[0] += squares.value;
        sums[1] += squares.direction;
      });
  sums[2] = add_own(parameter.rows, [&](std::size_t r) {
    return static_cast<double>(work.update.slots[row][parameter.slots[row] + r]);
  });
  sums[3] = add_own(parameter.columns, [&](std::size_t c) {
    return column_total(work, parameter, c) /
           static_cast<double>(work.update.slots[column][parameter.slots[column] + c]);
  });
  rondo::cuda::add_up(sums, 1);
  if (parameter.rows == 0) return {.squares = {sums[0], sums[1]}};
  const double row_mean = sums[2] / static_cast<double>(parameter.rows);
  return {.squares = {sums[0], row_mean * sums[3]}, .row_mean = row_mean};
}

/// A block a parameter: how far it goes, and the roots of a matrix's rows.
__global__ void __launch_bounds__(block_threads, 1)
    weigh_parameters(const __grid_constant__ FactoredWork work) {
  __shared__ double row_mean;
  if (work.update.verdict != nullptr && work.update.verdict->finite == 0) return;
  for (std::size_t p = blockIdx.x; p < work.update.parameters; p += gridDim.x) {
    const FactoredParameter parameter = work.factors.parameters[p];
    if (parameter.role == ParameterRole::statistic) continue;
    const Weight weight = weigh(work, parameter, p);
    if (threadIdx.x == 0) {
      row_mean = weight.row_mean;
      const kernel::MoveFactors factors = kernel::move_factors(
          work.step, weight.squares, parameter.count, parameter.role == ParameterRole::weight);
      work.factors.moves[2 * p] = factors.keep;
      work.factors.moves[2 * p + 1] = factors.length;
    }
    __syncthreads();
    for (std::size_t r = threadIdx.x; r < parameter.rows; r += block_threads) {
      const std::size_t place = parameter.slots[row] + r;
      work.factors.row_roots[place] =
          kernel::inverse_root(static_cast<double>(work.update.slots[row][place]) / row_mean);
    }
    __syncthreads();  // the next parameter writes
  }
}

/// `n` elements of a matrix from the `offset`-th on.
template <int n>
__device__ __forceinline__ void move_in_matrix(const FactoredWork& work,
                                               const FactoredParameter& parameter,
                                               const kernel::MoveFactors& factors,
                                               std::size_t offset,
                                               const rondo::cuda::Pack<float, n>& sums,
                                               rondo::cuda::Pack<float, n>& values) {
  std::size_t r = offset / parameter.columns;
  std::size_t c = offset % parameter.columns;
#pragma unroll
  for (int e = 0; e < n; ++e) {
    kernel::scalar::move_by_roots(values.at[e], sums.at[e],
                                  work.factors.row_roots[parameter.slots[row] + r],
                                  work.factors.column_roots[parameter.slots[column] + c], factors);
    if (++c < parameter.columns || e + 1 == n) continue;
    c = 0;
    ++r;
  }
}

template <int n>
__device__ __forceinline__ void move_elements(const FactoredWork& work,
                                              const FactoredParameter& parameter,
                                              const kernel::MoveFactors& factors, std::size_t i) {
  const std::size_t offset = i - parameter.begin;
  auto values = load_pack<n>(work.update.values + i);
  const auto sums = load_pack<n>(work.update.grads + i);
  if (parameter.rows > 0) {
    move_in_matrix<n>(work, parameter, factors, offset, sums, values);
  } else {
    const auto squares = load_pack<n>(work.update.slots[square] + parameter.slots[square] + offset);
#pragma unroll
    for (int e = 0; e < n; ++e)
      kernel::scalar::move_by_square(values.at[e], sums.at[e], squares.at[e], factors);
  }
  store_pack(values, work.update.values + i);
  store_copy(work.update, values, i);
}

__global__ void __launch_bounds__(block_threads) move(const __grid_constant__ FactoredWork work) {
  kernel::FactoredStep step = work.step;
  if (!take_verdict(work.update, step)) return;
  visit_pieces(work.update, [&](const DevicePiece& piece) {
    const FactoredParameter& parameter = work.factors.parameters[piece.parameter];
    const float* const moves = work.factors.moves + 2 * std::size_t{piece.parameter};
    const kernel::MoveFactors factors{
        .gradient = step.gradient, .keep = moves[0], .length = moves[1]};
    update_own(piece.count, is_aligned(work.update, parameter, piece), [&](auto width, int first) {
      if (piece.role == ParameterRole::statistic)
        follow_elements<decltype(width)::value>(work.update, piece.begin + first);
      else
        move_elements<decltype(width)::value>(work, parameter, factors, piece.begin + first);
    });
  });
}

}  // namespace

void adafactor(DeviceStream& stream, const FactoredWork& work) {
  using precision::cuda::pieces_per_block;
  const std::size_t pieces = work.update.piece_count;
  const std::size_t tiles = work.factors.tile_count;
  rondo::cuda::launch<&measure>(stream, "optim::measure_adafactor",
                                (pieces + pieces_per_block - 1) / pieces_per_block, work);
  rondo::cuda::launch<&sum_squares>(stream, "optim::sum_squares", tiles, work);
  rondo::cuda::launch<&follow_means>(stream, "optim::follow_means", tiles, work);
  rondo::cuda::launch<&sum_scaled_squares>(stream, "optim::sum_scaled_squares", tiles, work);
  rondo::cuda::launch<&weigh_parameters>(stream, "optim::weigh_parameters", work.update.parameters,
                                         work);
  rondo::cuda::launch<&move>(stream, "optim::adafactor", pieces, work);
}

}  // namespace rondo::optim::cuda
