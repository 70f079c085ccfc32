// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "base/cuda/element_wise.cuh"
#include "comm/cuda/tree_sum.hpp"

namespace rondo::comm::cuda {
namespace {

using rondo::cuda::load_pack;
using rondo::cuda::Pack;
using rondo::cuda::store_pack;

constexpr int vector_width = static_cast<int>(rondo::cuda::vector_bytes / sizeof(float));

/// The sums begun, the upper one first: it moves as a whole, since registers have no addresses.
template <int levels, int n>
struct Stack {
  Pack<float, n> at[levels];

  __device__ __forceinline__ void push(const Pack<float, n>& sum) {
#pragma unroll
    for (int k = levels - 1; k > 0; --k)
      at[k] = at[k - 1];
    at[0] = sum;
  }
  __device__ __forceinline__ Pack<float, n> pop() {
    const Pack<float, n> sum = at[0];
#pragma unroll
    for (int k = 1; k < levels; ++k)
      at[k - 1] = at[k];
    return sum;
  }
};

template <int n>
__device__ __forceinline__ Pack<float, n> plus(const Pack<float, n>& a, const Pack<float, n>& b) {
  Pack<float, n> sum;
#pragma unroll
  for (int k = 0; k < n; ++k)
    sum.at[k] = a.at[k] + b.at[k];
  return sum;
}

/// All inputs are read before the output is written. The upper sum of the stack is `result`.
template <int levels>
struct Addition {
  static constexpr int width = vector_width;
  TreeSum sum;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    Stack<levels, n> stack{};
    auto result = load_pack<n>(sum.inputs[0] + i);
    for (std::size_t k = 1; k < sum.input_count; ++k) {
      const auto input = load_pack<n>(sum.inputs[k] + i);
      int merges = sum.merges[k];
      if (merges == 0) {
        stack.push(result);
        result = input;
        continue;
      }
      result = plus(result, input);
      while (--merges > 0)
        result = plus(stack.pop(), result);
    }
    store_pack(result, sum.output + i);
  }
};

rondo::cuda::Cut cut_of(const TreeSum& sum, std::size_t count) {
  const auto cut_with = [&](const float* input) {
    return rondo::cuda::cut_for({{sum.output, sizeof(float)}, {input, sizeof(float)}}, vector_width,
                                count);
  };
  auto cut = cut_with(sum.inputs[0]);
  for (std::size_t k = 1; k < sum.input_count; ++k)
    if (cut_with(sum.inputs[k]).vectors == 0) cut = {.count = count};
  return cut;
}

template <int levels>
void launch(DeviceStream& stream, const TreeSum& sum, std::size_t count) {
  rondo::cuda::launch_element_wise(stream, "comm::add_along_tree", cut_of(sum, count),
                                   Addition<levels>{sum});
}

/// Few levels take few registers.
constexpr std::size_t usual_levels = 4;

}  // namespace

void add(DeviceStream& stream, const TreeSum& sum, std::size_t count) {
  if (sum.levels <= usual_levels)
    launch<usual_levels>(stream, sum, count);
  else
    launch<most_device_levels>(stream, sum, count);
}

}  // namespace rondo::comm::cuda
