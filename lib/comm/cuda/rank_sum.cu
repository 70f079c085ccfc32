// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <type_traits>

#include "rondo/base/error.hpp"
#include "rondo/base/float16.hpp"

#include "base/cuda/element_wise.cuh"
#include "base/cuda/float16.cuh"
#include "comm/cuda/rank_sum.hpp"

namespace rondo::comm::cuda {
namespace {

using rondo::cuda::load_pack;
using rondo::cuda::Pack;
using rondo::cuda::store_pack;

/// What sums are accumulated in.
template <class T>
using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;

template <class T>
struct RankAddition {
  static constexpr int width = static_cast<int>(rondo::cuda::vector_bytes / sizeof(T));
  RankSum sum;

  template <int n>
  __device__ __forceinline__ Pack<Wide<T>, n> load(int rank, std::size_t i) const {
    const auto values = load_pack<n>(reinterpret_cast<const T*>(sum.values_of(rank)) + i);
    if constexpr (std::is_same_v<T, double>)
      return values;
    else
      return rondo::cuda::widened(values);
  }

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    auto result = load<n>(0, i);
#pragma unroll 4
    for (int rank = 1; rank < sum.ranks; ++rank) {
      const auto values = load<n>(rank, i);
#pragma unroll
      for (int k = 0; k < n; ++k)
        result.at[k] = result.at[k] + values.at[k];
    }
    if constexpr (std::is_same_v<T, double>)
      store_pack(result, reinterpret_cast<T*>(sum.output) + i);
    else
      store_pack(rondo::cuda::rounded<T>(result), reinterpret_cast<T*>(sum.output) + i);
  }
};

template <class T>
void launch(DeviceStream& stream, const RankSum& sum, std::size_t count) {
  using Addition = RankAddition<T>;
  auto cut = rondo::cuda::cut_for(
      {{sum.own, sizeof(T)}, {sum.received, sizeof(T)}, {sum.output, sizeof(T)}}, Addition::width,
      count);
  if (sum.stride % rondo::cuda::vector_bytes != 0) cut = {.count = count};
  rondo::cuda::launch_element_wise(stream, "comm::add_ranks", cut, Addition{sum});
}

}  // namespace

void add_ranks(DeviceStream& stream, const RankSum& sum, DType dtype, std::size_t count) {
  switch (dtype) {
    case DType::f64: return launch<double>(stream, sum, count);
    case DType::f32: return launch<float>(stream, sum, count);
    case DType::f16: return launch<half>(stream, sum, count);
    case DType::bf16: return launch<bfloat16>(stream, sum, count);
    default: throw UsageError("sums on GPUs are of f64, f32, f16 or bf16");
  }
}

}  // namespace rondo::comm::cuda
