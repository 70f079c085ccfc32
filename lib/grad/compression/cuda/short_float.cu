// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/cuda/chunk_wise.cuh"
#include "grad/compression/elements.hpp"

namespace rondo::grad::cuda {
namespace {

template <class T>
struct Rounding {
  const float* gradients;
  float* residual;
  T* sequence;

  __device__ __forceinline__ void operator()(std::size_t /*c*/, const Chunk& chunk,
                                             std::uint32_t i) const {
    const std::size_t at = chunk.begin + i;
    float rest = residual[at];
    sequence[chunk.position + i] = element::round_with_feedback<T>(gradients[at], rest);
    residual[at] = rest;
  }
};

template <class T>
struct SumRounding {
  const T* received;
  std::size_t first;
  std::size_t slice;
  std::size_t ranks;
  float* residual;
  T* own;

  __device__ __forceinline__ void operator()(std::size_t /*c*/, const Chunk& chunk,
                                             std::uint32_t i) const {
    const std::size_t position = chunk.position + i;
    if (position < first || position - first >= slice) return;
    const T* from = received + (position - first);
    float sum = static_cast<float>(*from);
    for (std::size_t r = 1; r < ranks; ++r)
      sum += static_cast<float>(from[r * slice]);
    float rest = residual[chunk.begin + i];
    own[position - first] = element::round_sum<T>(sum, rest);
    residual[chunk.begin + i] = rest;
  }
};

template <class T>
struct Decoding {
  const T* sequence;
  float* gradients;

  __device__ __forceinline__ void operator()(std::size_t /*c*/, const Chunk& chunk,
                                             std::uint32_t i) const {
    gradients[chunk.begin + i] = static_cast<float>(sequence[chunk.position + i]);
  }
};

}  // namespace

template <class T>
void round_with_feedback(DeviceStream& stream, Chunks chunks, DeviceSpan<const float> gradients,
                         DeviceSpan<float> residual, DeviceSpan<T> sequence) {
  launch_chunk_wise(stream, "grad::round_with_feedback", chunks,
                    Rounding<T>{gradients.data(), residual.data(), sequence.data()});
}

template <class T>
void round_sum(DeviceStream& stream, Chunks chunks, std::size_t first, DeviceSpan<const T> received,
               DeviceSpan<float> residual, DeviceSpan<T> own) {
  if (own.empty()) return;
  launch_chunk_wise(stream, "grad::round_sum", chunks,
                    SumRounding<T>{.received = received.data(),
                                   .first = first,
                                   .slice = own.size(),
                                   .ranks = received.size() / own.size(),
                                   .residual = residual.data(),
                                   .own = own.data()});
}

template <class T>
void decode(DeviceStream& stream, Chunks chunks, DeviceSpan<const T> sequence,
            DeviceSpan<float> gradients) {
  launch_chunk_wise(stream, "grad::decode", chunks, Decoding<T>{sequence.data(), gradients.data()});
}

template void round_with_feedback(DeviceStream&, Chunks, DeviceSpan<const float>, DeviceSpan<float>,
                                  DeviceSpan<bfloat16>);
template void round_with_feedback(DeviceStream&, Chunks, DeviceSpan<const float>, DeviceSpan<float>,
                                  DeviceSpan<half>);
template void round_sum(DeviceStream&, Chunks, std::size_t, DeviceSpan<const bfloat16>,
                        DeviceSpan<float>, DeviceSpan<bfloat16>);
template void round_sum(DeviceStream&, Chunks, std::size_t, DeviceSpan<const half>,
                        DeviceSpan<float>, DeviceSpan<half>);
template void decode(DeviceStream&, Chunks, DeviceSpan<const bfloat16>, DeviceSpan<float>);
template void decode(DeviceStream&, Chunks, DeviceSpan<const half>, DeviceSpan<float>);

}  // namespace rondo::grad::cuda
