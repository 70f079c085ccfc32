// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/cuda/element_wise.cuh"
#include "base/cuda/float16.cuh"
#include "base/cuda/load_ahead.cuh"
#include "nn/cuda/tensor.hpp"

/// Arithmetic in f32 on what is stored in other types, and on whole vectors of channels.
namespace rondo::nn::cuda {

using rondo::cuda::load_ahead;
using rondo::cuda::load_pack;
using rondo::cuda::Pack;
using rondo::cuda::rounded;
using rondo::cuda::store_pack;
using rondo::cuda::widened;

template <class T>
inline constexpr int vector_width = static_cast<int>(rondo::cuda::vector_bytes / sizeof(T));

template <int n>
using Floats = Pack<float, n>;

template <int n, class T>
__device__ __forceinline__ Floats<n> load_floats(const T* from) {
  return widened(load_pack<n>(from));
}

template <int n, class T>
__device__ __forceinline__ void store_floats(const Floats<n>& values, T* to) {
  store_pack(rounded<T>(values), to);
}

/// Parameters lie anywhere in an arena: at sixteen bytes or not, which is the same for all threads.
template <int n>
__device__ __forceinline__ Floats<n> load_floats_anywhere(const float* from) {
  if (reinterpret_cast<std::uintptr_t>(from) % alignof(Floats<n>) == 0) return load_pack<n>(from);
  Floats<n> values;
#pragma unroll
  for (int k = 0; k < n; ++k)
    values.at[k] = from[k];
  return values;
}

/// Calls f with the type of elements and, as a std::integral_constant, how many channels a thread
/// takes at once: a vector of them if every pixel has a multiple of that, else one.
template <class F>
void for_type_and_width(Precision precision, std::size_t channels, F f) {
  dispatch(precision, [&]<class T>(std::type_identity<T> type) {
    if (channels % vector_width<T> == 0)
      f(type, std::integral_constant<int, vector_width<T>>{});
    else
      f(type, std::integral_constant<int, 1>{});
  });
}

/// Queues `work.template at<1>(i)` for i in [0, count).
template <class Work>
void launch_items(DeviceStream& stream, const char* name, std::size_t count, const Work& work) {
  static_assert(Work::width == 1);
  rondo::cuda::launch_element_wise(stream, name, {.count = count, .vectors = count}, work);
}

/// Queues `work` over all elements of tensors, vectors at a time.
template <class Work>
void launch_elements(DeviceStream& stream, const char* name, std::size_t count, const Work& work) {
  rondo::cuda::launch_element_wise(stream, name, {.count = count, .vectors = count / Work::width},
                                   work);
}

}  // namespace rondo::nn::cuda
