// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/cuda/chunk_wise.cuh"
#include "grad/compression/cuda/together.cuh"
#include "grad/compression/elements.hpp"

namespace rondo::grad::cuda {
namespace {

/// Messages one after another.
template <class Byte>
struct MessageArray {
  Byte* begin;
  Int8Messages messages;

  __device__ __forceinline__ Byte* scale(std::size_t message, std::size_t block) const {
    return begin + message * messages.bytes + block * sizeof(float);
  }
  __device__ __forceinline__ Byte* code(std::size_t message, std::size_t block,
                                        std::size_t i) const {
    return begin + message * messages.bytes + messages.blocks * sizeof(float) +
           block * messages.block_elements + i;
  }
};

/// Of an element.
__device__ __forceinline__ float decoded(const MessageArray<const std::byte>& from,
                                         std::size_t message, std::size_t block, std::size_t i) {
  return *reinterpret_cast<const float*>(from.scale(message, block)) *
         static_cast<float>(*reinterpret_cast<const std::int8_t*>(from.code(message, block, i)));
}

/// The gradients as they are: block c belongs to the message for its owner.
struct OwnGradients {
  const float* gradients;
  std::size_t blocks;

  __device__ __forceinline__ std::size_t message(std::size_t c) const { return c / blocks; }
  __device__ __forceinline__ float first_read(std::size_t /*block*/, std::size_t at,
                                              std::uint32_t /*i*/) const {
    return gradients[at];
  }
};

/// What all ranks sent of this rank's blocks, added in the order of ranks.
struct ReceivedSum {
  float* gradients;
  MessageArray<const std::byte> received;
  std::size_t ranks;

  __device__ __forceinline__ std::size_t message(std::size_t /*c*/) const { return 0; }
  __device__ __forceinline__ float first_read(std::size_t block, std::size_t at,
                                              std::uint32_t i) const {
    float sum = decoded(received, 0, block, i);
    for (std::size_t r = 1; r < ranks; ++r)
      sum += decoded(received, r, block, i);
    gradients[at] = sum;
    return sum;
  }
};

/// The scale of a block, for all of the warp.
template <class Source>
__device__ __forceinline__ float scale_of(const Chunk& chunk, std::size_t block,
                                          const Source& source, const float* residual) {
  std::uint32_t largest = 0;
#pragma unroll 4
  for (std::uint32_t i = threadIdx.x % warp_threads; i < chunk.count; i += warp_threads) {
    const std::size_t at = chunk.begin + i;
    const std::uint32_t bits =
        element::magnitude_bits(source.first_read(block, at, i) + residual[at]);
    largest = bits > largest ? bits : largest;
  }
  return element::int8_scale(largest_in_warp(largest));
}

__device__ __forceinline__ std::int8_t code_of(float gradient, float& residual, float scale,
                                               float inverse) {
  if (scale > 0) return element::int8_code(gradient, residual, scale, inverse);
  if (scale == 0) residual += gradient;
  return 0;
}

/// A warp does a block at a time.
template <class Source>
__global__ void __launch_bounds__(block_threads)
    encode_blocks(const Chunk* chunks, std::size_t count, const __grid_constant__ Source source,
                  float* residual, const __grid_constant__ MessageArray<std::byte> to) {
  const std::size_t first = blockIdx.x * block_warps + threadIdx.x / warp_threads;
  for (std::size_t c = first; c < count; c += std::size_t{gridDim.x} * block_warps) {
    const Chunk chunk = chunks[c];
    const std::size_t message = source.message(c);
    const std::size_t block = c - message * to.messages.blocks;
    const std::uint32_t lane = threadIdx.x % warp_threads;
    const float scale = scale_of(chunk, block, source, residual);
    const float inverse = 1.0F / scale;
    if (lane == 0) *reinterpret_cast<float*>(to.scale(message, block)) = scale;
#pragma unroll 4
    for (std::uint32_t i = lane; i < chunk.count; i += warp_threads) {
      float rest = residual[chunk.begin + i];
      const std::int8_t code = code_of(source.gradients[chunk.begin + i], rest, scale, inverse);
      residual[chunk.begin + i] = rest;
      *reinterpret_cast<std::int8_t*>(to.code(message, block, i)) = code;
    }
  }
}

struct Int8Decoding {
  MessageArray<const std::byte> from;
  float* gradients;

  __device__ __forceinline__ void operator()(std::size_t c, const Chunk& chunk,
                                             std::uint32_t i) const {
    const std::size_t message = c / from.messages.blocks;
    gradients[chunk.begin + i] = decoded(from, message, c - message * from.messages.blocks, i);
  }
};

template <class Source>
void launch_encoding(DeviceStream& stream, const char* name, Chunks blocks, const Source& source,
                     DeviceSpan<float> residual, const MessageArray<std::byte>& to) {
  rondo::cuda::launch<&encode_blocks<Source>>(
      stream, name, (blocks.size() + block_warps - 1) / block_warps, blocks.data(), blocks.size(),
      source, residual.data(), to);
}

}  // namespace

void encode(DeviceStream& stream, Chunks blocks, const Int8Messages& messages,
            DeviceSpan<const float> gradients, DeviceSpan<float> residual,
            DeviceSpan<std::byte> sent) {
  launch_encoding(stream, "grad::encode", blocks, OwnGradients{gradients.data(), messages.blocks},
                  residual, {sent.data(), messages});
}

void encode_sum(DeviceStream& stream, Chunks blocks, const Int8Messages& messages,
                DeviceSpan<const std::byte> received, DeviceSpan<float> gradients,
                DeviceSpan<float> residual, DeviceSpan<std::byte> own) {
  launch_encoding(
      stream, "grad::encode_sum", blocks,
      ReceivedSum{gradients.data(), {received.data(), messages}, received.size() / messages.bytes},
      residual, {own.data(), messages});
}

void decode(DeviceStream& stream, Chunks blocks, const Int8Messages& messages,
            DeviceSpan<const std::byte> received, DeviceSpan<float> gradients) {
  launch_chunk_wise(stream, "grad::decode int8", blocks,
                    Int8Decoding{{received.data(), messages}, gradients.data()});
}

}  // namespace rondo::grad::cuda
