// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>

#include "base/cuda/block_sums.cuh"
#include "nn/cuda/channel_sums.hpp"
#include "nn/cuda/floats.cuh"

/// Sums over all pixels of each lane, channel by channel, in f64 and an order that depends on the
/// shape alone. A tensor has the samples of one lane behind those of another, equally many.
///
/// Blocks cut a lane's pixels into slices and the channels into tiles. A second kernel adds the
/// slices' sums, which are few, and does with them what is to be done.
namespace rondo::nn::cuda {

/// How threads of a block share a tile: `columns` beside each other, each with `width` channels,
/// and the others below, on the next pixels.
struct ChannelCut {
  std::size_t lanes;
  std::size_t pixels;  ///< this and the slices are a lane's
  std::size_t channels;
  std::size_t slices;
  std::size_t slice_pixels;
  unsigned columns;
  unsigned width;

  __host__ __device__ std::size_t tile_channels() const { return std::size_t{columns} * width; }
  __host__ __device__ std::size_t tiles() const {
    return (channels + tile_channels() - 1) / tile_channels();
  }
};

inline ChannelCut cut_channels(std::size_t lanes, std::size_t pixels, std::size_t channels,
                               std::size_t width) {
  constexpr std::size_t most_columns = 32;
  constexpr std::size_t fewest_pixels = 8;  // of a thread
  ChannelCut cut{.lanes = lanes,
                 .pixels = pixels,
                 .channels = channels,
                 .slices = 1,
                 .slice_pixels = pixels,
                 .columns = static_cast<unsigned>(
                     std::min(most_columns, std::bit_ceil((channels + width - 1) / width))),
                 .width = static_cast<unsigned>(width)};
  const std::size_t rows = rondo::cuda::block_threads / cut.columns;
  const std::size_t most = std::max<std::size_t>(1, most_slices / (cut.tiles() * lanes));
  cut.slices = std::clamp<std::size_t>(pixels / (rows * fewest_pixels), 1, most);
  cut.slice_pixels = (pixels + cut.slices - 1) / cut.slices;
  return cut;
}

/// What sums need that are the same for all channels.
struct NoNumbers {};

/// `work.channels(lane, c)` are the numbers of Work::width channels, `work.load(i)` what is loaded
/// of the elements from i on, and `work.add(channels, loaded, i, sums)` adds them to the sums,
/// Work::count of each channel. Work::ahead elements are loaded before the first is added.
template <class Work>
__global__ void __launch_bounds__(rondo::cuda::block_threads, Work::resident)
    sum_slices(const __grid_constant__ Work work, const ChannelCut cut, double* slice_sums) {
  constexpr int count = Work::count;
  constexpr int width = Work::width;
  const std::size_t rows = rondo::cuda::block_threads / cut.columns;
  const unsigned column = threadIdx.x % cut.columns;
  const std::size_t slices = cut.slices * cut.lanes;
  for (std::size_t i = blockIdx.x; i < cut.tiles() * slices; i += gridDim.x) {
    const std::size_t slice = i / cut.tiles();
    const std::size_t lane = slice / cut.slices;
    const std::size_t channel = i % cut.tiles() * cut.tile_channels() + std::size_t{column} * width;
    const std::size_t begin = lane * cut.pixels + slice % cut.slices * cut.slice_pixels;
    const std::size_t end = std::min(begin + cut.slice_pixels, (lane + 1) * cut.pixels);
    double sums[count * width] = {};
    if (channel < cut.channels) {
      const auto numbers = work.channels(lane, channel);
      const std::size_t first = begin + threadIdx.x / cut.columns;
      load_ahead<Work::ahead>(
          first * cut.channels + channel, end * cut.channels, rows * cut.channels,
          [&](std::size_t at) { return work.load(at); },
          [&](const auto& loaded, std::size_t at) { work.add(numbers, loaded, at, sums); });
    }
    rondo::cuda::add_up(sums, cut.columns);
    if (threadIdx.x >= cut.columns || channel >= cut.channels) continue;
#pragma unroll
    for (int k = 0; k < count; ++k)
#pragma unroll
      for (int c = 0; c < width; ++c)
        slice_sums[(slice * count + k) * cut.channels + channel + c] = sums[k * width + c];
  }
}

/// As few as read whole sectors of memory, of 32 bytes: many threads for few channels.
inline constexpr unsigned finish_columns = 4;

/// All slices that a thread adds, but for the last one of the most.
inline constexpr int slices_ahead = 8;

/// `finish(lane, channel, sums)` gets Finish::count sums: for a channel one lane after another, if
/// Finish::adds_lanes, by one thread.
template <class Finish>
__global__ void __launch_bounds__(rondo::cuda::block_threads, 1)
    finish_channels(const __grid_constant__ Finish finish, std::size_t lanes, std::size_t channels,
                    std::size_t slices, const double* slice_sums) {
  constexpr int count = Finish::count;
  constexpr std::size_t rows = rondo::cuda::block_threads / finish_columns;
  const std::size_t tiles = (channels + finish_columns - 1) / finish_columns;
  const std::size_t at_once = Finish::adds_lanes ? lanes : 1;
  for (std::size_t group = blockIdx.x; group * at_once < tiles * lanes; group += gridDim.x)
    for (std::size_t i = group * at_once; i < (group + 1) * at_once; ++i) {
      const std::size_t lane = i % lanes;
      const std::size_t channel = i / lanes * finish_columns + threadIdx.x % finish_columns;
      double sums[count] = {};
      if (channel < channels) {
        load_ahead<slices_ahead>(
            lane * slices + threadIdx.x / finish_columns, (lane + 1) * slices, rows,
            [&](std::size_t slice) {
              Pack<double, count> parts;
#pragma unroll
              for (int k = 0; k < count; ++k)
                parts.at[k] = slice_sums[(slice * count + k) * channels + channel];
              return parts;
            },
            [&](const Pack<double, count>& parts, std::size_t /*slice*/) {
#pragma unroll
              for (int k = 0; k < count; ++k)
                sums[k] += parts.at[k];
            });
      }
      rondo::cuda::add_up(sums, finish_columns);
      if (threadIdx.x < finish_columns && channel < channels) finish(lane, channel, sums);
    }
}

/// Queues both kernels. `slice_sums` has slice_sums_for() elements.
template <class Work, class Finish>
void sum_channels(DeviceStream& stream, const char* name, const Tensor& tensor, std::size_t lanes,
                  const Work& work, const Finish& finish, double* slice_sums) {
  static_assert(Work::count == Finish::count);
  const ChannelCut cut =
      cut_channels(lanes, tensor.pixels() / lanes, tensor.shape.channels, Work::width);
  rondo::cuda::launch<&sum_slices<Work>>(stream, name, cut.tiles() * cut.slices * lanes, work, cut,
                                         slice_sums);
  const std::size_t tiles = (cut.channels + finish_columns - 1) / finish_columns;
  rondo::cuda::launch<&finish_channels<Finish>>(
      stream, name, Finish::adds_lanes ? tiles : tiles * lanes, finish, lanes, cut.channels,
      cut.slices, static_cast<const double*>(slice_sums));
}

}  // namespace rondo::nn::cuda
