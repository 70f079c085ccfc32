// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/error.hpp"
#include "rondo/precision/device_casts.hpp"

#include "base/cuda/element_wise.cuh"
#include "base/cuda/float16.cuh"
#include "precision/kernels/rounding_element.hpp"

namespace rondo::precision {
namespace {

/// As many elements as fill a vector of the shorter type.
template <class A, class B>
inline constexpr int width_of = static_cast<int>(cuda::vector_bytes /
                                                 std::min(sizeof(A), sizeof(B)));

template <class From, class To>
struct Conversion {
  static constexpr int width = width_of<From, To>;
  const From* from;
  To* to;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const auto source = cuda::load_pack<n>(from + i);
    cuda::store_pack(cuda::rounded<To>(cuda::widened(source)), to + i);
  }
};

template <class From>
struct Accumulation {
  static constexpr int width = width_of<From, float>;
  const From* from;
  float* sum;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const auto values = cuda::widened(cuda::load_pack<n>(from + i));
    auto sums = cuda::load_pack<n>(sum + i);
#pragma unroll
    for (int k = 0; k < n; ++k)
      sums.at[k] = sums.at[k] + values.at[k];
    cuda::store_pack(sums, sum + i);
  }
};

struct RandomRounding {
  static constexpr int width = width_of<float, bfloat16>;
  const float* from;
  bfloat16* to;
  std::uint64_t seed;
  std::uint64_t step;
  std::uint64_t first;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    const auto values = cuda::load_pack<n>(from + i);
    cuda::Pack<bfloat16, n> rounded;
    Philox::Block random;
#pragma unroll
    for (int k = 0; k < n; ++k) {
      const std::uint64_t element = first + i + k;
      if (k == 0 || element % numbers_per_block == 0) random = rounding_block(seed, step, element);
      rounded.at[k] = round_at_random(values.at[k], random, element);
    }
    cuda::store_pack(rounded, to + i);
  }
};

template <template <class...> class Work, class... Types, class From, class To>
void run(DeviceStream& stream, const char* name, DeviceSpan<const From> from, DeviceSpan<To> to) {
  require(from.size() == to.size(), "spans of different lengths");
  using Chosen = Work<Types...>;
  const auto cut = cuda::cut_for({{from.data(), sizeof(From)}, {to.data(), sizeof(To)}},
                                 Chosen::width, from.size());
  cuda::launch_element_wise(stream, name, cut, Chosen{from.data(), to.data()});
}

}  // namespace

void convert(DeviceStream& stream, DeviceSpan<const float> from, DeviceSpan<bfloat16> to) {
  run<Conversion, float, bfloat16>(stream, "precision::convert f32 to bf16", from, to);
}
void convert(DeviceStream& stream, DeviceSpan<const float> from, DeviceSpan<half> to) {
  run<Conversion, float, half>(stream, "precision::convert f32 to f16", from, to);
}
void convert(DeviceStream& stream, DeviceSpan<const bfloat16> from, DeviceSpan<float> to) {
  run<Conversion, bfloat16, float>(stream, "precision::convert bf16 to f32", from, to);
}
void convert(DeviceStream& stream, DeviceSpan<const bfloat16> from, DeviceSpan<half> to) {
  run<Conversion, bfloat16, half>(stream, "precision::convert bf16 to f16", from, to);
}
void convert(DeviceStream& stream, DeviceSpan<const half> from, DeviceSpan<float> to) {
  run<Conversion, half, float>(stream, "precision::convert f16 to f32", from, to);
}
void convert(DeviceStream& stream, DeviceSpan<const half> from, DeviceSpan<bfloat16> to) {
  run<Conversion, half, bfloat16>(stream, "precision::convert f16 to bf16", from, to);
}

void round_to_copy(DeviceStream& stream, DeviceSpan<const float> values, DeviceSpan<bfloat16> copy,
                   const RoundingKey& key) {
  if (!key.seed) return convert(stream, values, copy);
  require(values.size() == copy.size(), "spans of different lengths");
  const auto cut = cuda::cut_for({{values.data(), sizeof(float)}, {copy.data(), sizeof(bfloat16)}},
                                 RandomRounding::width, values.size());
  cuda::launch_element_wise(
      stream, "precision::round_to_copy", cut,
      RandomRounding{values.data(), copy.data(), *key.seed, key.step, key.first});
}

void accumulate(DeviceStream& stream, DeviceSpan<const float> values, DeviceSpan<float> sum) {
  run<Accumulation, float>(stream, "precision::accumulate f32", values, sum);
}
void accumulate(DeviceStream& stream, DeviceSpan<const bfloat16> values, DeviceSpan<float> sum) {
  run<Accumulation, bfloat16>(stream, "precision::accumulate bf16", values, sum);
}
void accumulate(DeviceStream& stream, DeviceSpan<const half> values, DeviceSpan<float> sum) {
  run<Accumulation, half>(stream, "precision::accumulate f16", values, sum);
}

}  // namespace rondo::precision
