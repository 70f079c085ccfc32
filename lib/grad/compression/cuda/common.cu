// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/cuda/element_wise.cuh"
#include "grad/compression/cuda/chunk_wise.cuh"

namespace rondo::grad::cuda {
namespace {

struct Multiplication {
  static constexpr int width = static_cast<int>(rondo::cuda::vector_bytes / sizeof(float));
  float* values;
  float factor;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    auto pack = rondo::cuda::load_pack<n>(values + i);
#pragma unroll
    for (int k = 0; k < n; ++k)
      pack.at[k] *= factor;
    rondo::cuda::store_pack(pack, values + i);
  }
};

struct Gathering {
  const float* gradients;
  float* sequence;

  __device__ __forceinline__ void operator()(std::size_t /*c*/, const Chunk& chunk,
                                             std::uint32_t i) const {
    sequence[chunk.position + i] = gradients[chunk.begin + i];
  }
};

struct Scattering {
  const float* sequence;
  float* gradients;

  __device__ __forceinline__ void operator()(std::size_t /*c*/, const Chunk& chunk,
                                             std::uint32_t i) const {
    gradients[chunk.begin + i] = sequence[chunk.position + i];
  }
};

}  // namespace

void multiply(DeviceStream& stream, DeviceSpan<float> values, float factor) {
  const auto cut =
      rondo::cuda::cut_for({{values.data(), sizeof(float)}}, Multiplication::width, values.size());
  rondo::cuda::launch_element_wise(stream, "grad::multiply", cut,
                                   Multiplication{values.data(), factor});
}

void gather(DeviceStream& stream, Chunks chunks, DeviceSpan<const float> gradients,
            DeviceSpan<float> sequence) {
  launch_chunk_wise(stream, "grad::gather", chunks, Gathering{gradients.data(), sequence.data()});
}

void scatter(DeviceStream& stream, Chunks chunks, DeviceSpan<const float> sequence,
             DeviceSpan<float> gradients) {
  launch_chunk_wise(stream, "grad::scatter", chunks, Scattering{sequence.data(), gradients.data()});
}

}  // namespace rondo::grad::cuda
