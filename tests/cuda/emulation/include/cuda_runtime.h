// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <tuple>
#include <utility>

#include <cuda_runtime_api.h>

/// The kernels' side: what .cu files need to compile as C++.

// NOLINTBEGIN: CUDA's names
#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __grid_constant__
#define __launch_bounds__(...)
/// One block runs at a time, so that its threads may share a static variable.
#define __shared__ static

struct dim3 {
  unsigned x = 1;
  unsigned y = 1;
  unsigned z = 1;

  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

/// May be any type's bytes, as memory that a kernel goes through is.
struct [[gnu::may_alias]] alignas(16) uint4 {
  unsigned x, y, z, w;
};

extern dim3 threadIdx;
extern dim3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;

namespace cuda_emulation {

/// Where in a kernel threads wait for each other.
struct Place {
  const char* file = __builtin_FILE();
  int line = __builtin_LINE();
};

void wait_for_block(const Place& place);
/// What lane `source` of the warp gives when all lanes of `mask` have come.
std::uint64_t exchange(unsigned mask, std::uint64_t value, unsigned source, const Place& place);

/// Queues a kernel on so many threads.
cudaError_t launch(cudaStream_t stream, const dim3& grid, const dim3& block,
                   std::function<void()> thread);

inline constexpr unsigned warp_lanes = 32;

template <class T>
T shuffle(unsigned mask, T value, unsigned source, const Place& place) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<T>(
      static_cast<Bits>(exchange(mask, std::bit_cast<Bits>(value), source, place)));
}

}  // namespace cuda_emulation

inline void __syncthreads(cuda_emulation::Place place = {}) {
  cuda_emulation::wait_for_block(place);
}

/// A lane whose source would be beyond its group of `width` keeps its own value.
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta,
                   int width = static_cast<int>(cuda_emulation::warp_lanes),
                   cuda_emulation::Place place = {}) {
  const unsigned lane = threadIdx.x % cuda_emulation::warp_lanes;
  const bool is_within = lane % static_cast<unsigned>(width) + delta < static_cast<unsigned>(width);
  return cuda_emulation::shuffle(mask, value, is_within ? lane + delta : lane, place);
}

/// A lane whose source would be before its group of `width` keeps its own value.
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta,
                 int width = static_cast<int>(cuda_emulation::warp_lanes),
                 cuda_emulation::Place place = {}) {
  const unsigned lane = threadIdx.x % cuda_emulation::warp_lanes;
  const bool is_within = lane % static_cast<unsigned>(width) >= delta;
  return cuda_emulation::shuffle(mask, value, is_within ? lane - delta : lane, place);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int distance, cuda_emulation::Place place = {}) {
  const unsigned lane = threadIdx.x % cuda_emulation::warp_lanes;
  return cuda_emulation::shuffle(mask, value, lane ^ static_cast<unsigned>(distance), place);
}

// One thread runs at a time, from one point of waiting to the next.
inline void __threadfence() {}
template <class T>
T atomicAdd(T* address, T value) {
  return std::exchange(*address, *address + value);
}
template <class T>
T __ldcg(const T* address) {
  return *address;
}
template <class T>
T __ldg(const T* address) {
  return *address;
}
inline void __stwb(uint4* address, uint4 value) {
  *address = value;
}

inline int min(int a, int b) {
  return std::min(a, b);
}

struct cudaLaunchConfig_t {
  dim3 gridDim;
  dim3 blockDim;
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
};

/// The arguments are copied now, as CUDA does.
template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  if (config->dynamicSmemBytes != 0) return cudaErrorInvalidConfiguration;
  return cuda_emulation::launch(
      config->stream, config->gridDim, config->blockDim,
      [kernel, values = std::tuple<Parameters...>(std::forward<Arguments>(arguments)...)] {
        std::apply(kernel, values);
      });
}

/// Few, so that small inputs need the grid several times.
template <class... Parameters>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* count,
                                                          void (* /*kernel*/)(Parameters...),
                                                          int /*threads*/, std::size_t /*shared*/) {
  *count = 2;
  return cudaSuccess;
}
// NOLINTEND
