// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "nn/cuda/floats.cuh"

/// Work on all elements of (N, H, W, C) tensors that needs numbers of their channels, of each lane
/// others. A thread keeps the channels that it begins with, as strides are whole pixels: it loads
/// their numbers once for a lane, and no loop divides.
namespace rondo::nn::cuda {

/// How many items a thread loads before it uses the first: at 512 threads a multiprocessor, the
/// fewest that registers allow, 16 KiB of each input are under way.
inline constexpr int items_ahead = 2;

/// `work.channels(lane, c)` are the numbers of Work::width channels, `work.load(i)` what is loaded
/// of the elements from i on, and `work.finish(channels, loaded, i)` does them. `items` are a
/// lane's; the blocks of a grid share out the lanes.
template <class Work>
__global__ void __launch_bounds__(rondo::cuda::block_threads, Work::resident)
    pixel_wise(const __grid_constant__ Work work, unsigned lanes, std::size_t items,
               unsigned pixel_items) {
  constexpr std::size_t width = Work::width;
  const unsigned blocks = std::max(gridDim.x / lanes, 1U);  // of a lane
  const unsigned threads = blocks * blockDim.x;
  const unsigned stride = std::max(threads / pixel_items, 1U) * pixel_items;
  for (unsigned lane = blockIdx.x / blocks; lane < lanes; lane += gridDim.x / blocks) {
    const std::size_t begin = lane * items;
    // Once for a thread, if the blocks have the threads for a pixel.
    for (unsigned first = blockIdx.x % blocks * blockDim.x + threadIdx.x; first < stride;
         first += threads) {
      const auto channels = work.channels(lane, first % pixel_items * width);
      load_ahead<items_ahead>(
          (begin + first) * width, (begin + items) * width, stride * width,
          [&](std::size_t i) { return work.load(i); },
          [&](const auto& loaded, std::size_t i) { work.finish(channels, loaded, i); });
    }
  }
}

/// Queues `work` over all elements of tensors like this one, whose channels are a multiple of
/// Work::width.
template <class Work>
void launch_pixel_wise(DeviceStream& stream, const char* name, const Tensor& tensor,
                       std::size_t lanes, const Work& work) {
  constexpr std::size_t threads = rondo::cuda::block_threads;
  const std::size_t items = tensor.elements() / Work::width / lanes;
  rondo::cuda::launch<&pixel_wise<Work>>(
      stream, name, lanes * ((items + threads - 1) / threads), work, static_cast<unsigned>(lanes),
      items, static_cast<unsigned>(tensor.shape.channels / Work::width));
}

}  // namespace rondo::nn::cuda
