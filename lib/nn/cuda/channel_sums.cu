// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/channel_sums.cuh"

namespace rondo::nn::cuda {
namespace {

template <class T, int n>
struct PlainSum {
  static constexpr int count = 1;
  static constexpr int width = n;
  static constexpr int ahead = 2;
  static constexpr int resident = 4;
  using Loaded = Pack<T, n>;
  const T* input;

  __device__ __forceinline__ NoNumbers channels(std::size_t /*lane*/,
                                                std::size_t /*channel*/) const {
    return {};
  }
  __device__ __forceinline__ Loaded load(std::size_t i) const { return load_pack<n>(input + i); }
  __device__ __forceinline__ void add(const NoNumbers& /*numbers*/, const Loaded& loaded,
                                      std::size_t /*i*/, double (&sums)[n]) const {
    const auto values = widened(loaded);
#pragma unroll
    for (int c = 0; c < n; ++c)
      sums[c] += static_cast<double>(values.at[c]);
  }
};

struct AddSums {
  static constexpr int count = 1;
  static constexpr bool adds_lanes = true;
  float* sums;

  __device__ __forceinline__ void operator()(std::size_t /*lane*/, std::size_t channel,
                                             const double (&sum)[1]) const {
    sums[channel] = static_cast<float>(static_cast<double>(sums[channel]) + sum[0]);
  }
};

}  // namespace

void add_channel_sums(DeviceStream& stream, const Tensor& tensor, double* slice_sums, float* sums) {
  for_type_and_width(tensor.precision, tensor.shape.channels,
                     [&]<class T, int n>(std::type_identity<T>, std::integral_constant<int, n>) {
                       sum_channels(stream, "nn::add_channel_sums", tensor, 1,
                                    PlainSum<T, n>{tensor.as<T>()}, AddSums{sums}, slice_sums);
                     });
}

}  // namespace rondo::nn::cuda
