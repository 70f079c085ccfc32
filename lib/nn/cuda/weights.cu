// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/floats.cuh"
#include "nn/cuda/weights.hpp"

namespace rondo::nn::cuda {
namespace {

using rondo::cuda::block_threads;

template <class T>
__device__ __forceinline__ T working_value(const WeightSource& source, std::size_t i) {
  if constexpr (std::is_same_v<T, bfloat16>)
    if (source.copy != nullptr) return source.copy[i];
  return static_cast<T>(source.value[i]);
}

template <class T>
__device__ __forceinline__ void copy_weight(const WeightSource& source, std::size_t i) {
  const std::size_t channel = i % source.channels;
  const std::size_t tap = i / source.channels % source.kernel_elements;
  const std::size_t k = i / source.channels / source.kernel_elements;
  const std::size_t from = (k * source.channels + channel) * source.kernel_elements + tap;
  static_cast<T*>(source.working)[i] = working_value<T>(source, from);
}

template <class T>
__global__ void __launch_bounds__(block_threads)
    refresh_weights(const WeightSource* sources, const WeightPiece* pieces, std::size_t count) {
  for (std::size_t i = blockIdx.x; i < count; i += gridDim.x) {
    const WeightPiece piece = pieces[i];
    const WeightSource source = sources[piece.source];
    for (std::size_t k = threadIdx.x; k < piece.count; k += block_threads)
      copy_weight<T>(source, piece.begin + k);
  }
}

struct AddGradientWork {
  static constexpr int width = 1;
  std::size_t channels;
  std::size_t kernel_elements;
  const float* gradient;
  float* sum;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const std::size_t tap = i % kernel_elements;
    const std::size_t channel = i / kernel_elements % channels;
    const std::size_t k = i / kernel_elements / channels;
    sum[i] += gradient[(k * kernel_elements + tap) * channels + channel];
  }
};

}  // namespace

void WorkingWeights::refresh(DeviceStream& stream) {
  dispatch(precision_, [&]<class T>(std::type_identity<T>) {
    rondo::cuda::launch<&refresh_weights<T>>(stream, "nn::refresh_weights", pieces_.size(),
                                             static_cast<const WeightSource*>(table_.span().data()),
                                             static_cast<const WeightPiece*>(pieces_.span().data()),
                                             pieces_.size());
  });
}

void add_weight_gradient(DeviceStream& stream, const ConvolutionShape& shape,
                         DeviceSpan<const float> gradient, DeviceSpan<float> sum) {
  launch_items(stream, "nn::add_weight_gradient", sum.size(),
               AddGradientWork{.channels = shape.input.channels,
                               .kernel_elements = shape.kernel_elements(),
                               .gradient = gradient.data(),
                               .sum = sum.data()});
}

void add_gradient(DeviceStream& stream, DeviceSpan<const float> gradient, DeviceSpan<float> sum) {
  launch_items(stream, "nn::add_gradient", sum.size(),
               AddGradientWork{.channels = sum.size(),
                               .kernel_elements = 1,
                               .gradient = gradient.data(),
                               .sum = sum.data()});
}

}  // namespace rondo::nn::cuda
