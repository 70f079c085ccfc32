// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

#include "base/cuda/cut.hpp"
#include "base/cuda/launch.cuh"

namespace rondo::cuda {

/// `width` elements that are loaded and stored at once, sixteen bytes at a time.
template <class T, int width>
struct alignas(std::min(vector_bytes, width * sizeof(T))) Pack {
  T at[width];
};

template <int width, class T>
__device__ __forceinline__ Pack<T, width> load_pack(const T* from) {
  return *reinterpret_cast<const Pack<T, width>*>(from);
}

/// Sixteen bytes by the instruction itself: nvcc cuts some stores of a structure whose members were
/// computed one by one.
template <class T, int width>
__device__ __forceinline__ void store_pack(const Pack<T, width>& pack, T* to) {
  if constexpr (sizeof(pack) == sizeof(uint4))
    __stwb(reinterpret_cast<uint4*>(to), std::bit_cast<uint4>(pack));
  else
    *reinterpret_cast<Pack<T, width>*>(to) = pack;
}

/// `work.template at<n>(i)` does the elements [i, i + n), n being Work::width or 1.
template <class Work>
__global__ void __launch_bounds__(block_threads)
    element_wise(const Cut cut, const __grid_constant__ Work work) {
  constexpr std::size_t width = Work::width;
  const std::size_t stride = std::size_t{gridDim.x} * blockDim.x;
  const std::size_t first = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  for (std::size_t i = first; i < cut.vectors; i += stride)
    work.template at<Work::width>(cut.head + i * width);
  for (std::size_t i = first; i < cut.singles(width); i += stride)
    work.template at<1>(i < cut.head ? i : i + cut.vectors * width);
}

/// Queues `work` over the elements of the cut; `name` as launch().
template <class Work>
void launch_element_wise(DeviceStream& stream, const char* name, const Cut& cut, const Work& work) {
  const std::size_t most = std::max(cut.vectors, cut.singles(Work::width));
  launch<&element_wise<Work>>(stream, name, (most + block_threads - 1) / block_threads, cut, work);
}

}  // namespace rondo::cuda
