// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/cuda/element_wise.cuh"
#include "comm/cuda/tree_sum.hpp"

namespace rondo::comm::cuda {
namespace {

using rondo::cuda::load_pack;
using rondo::cuda::Pack;
using rondo::cuda::store_pack;

/// Few levels take few registers.
constexpr std::size_t usual_levels = 4;

/// Of inputs: more than are all loaded at once.
constexpr int any_number = 0;

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

/// A sum on its way along the tree: `result` is the upper sum of the stack.
template <int levels, int n>
struct Walk {
  Stack<levels, n> stack{};
  Pack<float, n> result;

  __device__ __forceinline__ explicit Walk(const Pack<float, n>& first) : result(first) {}
  __device__ __forceinline__ void take(const Pack<float, n>& input, int merges) {
    if (merges == 0) {
      stack.push(result);
      result = input;
      return;
    }
    result = plus(result, input);
    while (--merges > 0)
      result = plus(stack.pop(), result);
  }
};

/// All inputs are read before the output is written. `inputs` is how many they are, or
/// `any_number`: of few, all loads are under way before the first addition.
template <int levels, int inputs>
struct Addition {
  static constexpr int width = vector_width;
  TreeSum sum;

  template <int n>
  __device__ __forceinline__ void at(std::size_t i) const {
    if constexpr (inputs == any_number)
      store_pack(add_one_by_one<n>(i), sum.output + i);
    else
      store_pack(add_all<n>(i), sum.output + i);
  }

  template <int n>
  __device__ __forceinline__ Pack<float, n> add_all(std::size_t i) const {
    Pack<float, n> loaded[inputs];
#pragma unroll
    for (int k = 0; k < inputs; ++k)
      loaded[k] = load_pack<n>(sum.inputs[k] + i);
    Walk<levels, n> walk(loaded[0]);
#pragma unroll
    for (int k = 1; k < inputs; ++k)
      walk.take(loaded[k], sum.merges[k]);
    return walk.result;
  }

  template <int n>
  __device__ __forceinline__ Pack<float, n> add_one_by_one(std::size_t i) const {
    Walk<levels, n> walk(load_pack<n>(sum.inputs[0] + i));
    for (std::size_t k = 1; k < sum.input_count; ++k)
      walk.take(load_pack<n>(sum.inputs[k] + i), sum.merges[k]);
    return walk.result;
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

template <int levels, int inputs>
void launch(DeviceStream& stream, const TreeSum& sum, std::size_t count) {
  rondo::cuda::launch_element_wise(stream, "comm::add_along_tree", cut_of(sum, count),
                                   Addition<levels, inputs>{sum});
}

/// Calls launch() for the number of inputs, if it is one of these.
template <int... inputs>
bool launch_for_few(std::integer_sequence<int, inputs...> /*numbers*/, DeviceStream& stream,
                    const TreeSum& sum, std::size_t count) {
  const auto is_count = [&](std::size_t number) { return sum.input_count == number; };
  return ((is_count(inputs) && (launch<usual_levels, inputs>(stream, sum, count), true)) || ...);
}

}  // namespace

void add(DeviceStream& stream, const TreeSum& sum, std::size_t count) {
  if (sum.levels > usual_levels) return launch<most_device_levels, any_number>(stream, sum, count);
  if (launch_for_few(std::integer_sequence<int, 2, 3, 4, 5, 6, 7, 8>{}, stream, sum, count)) return;
  launch<usual_levels, any_number>(stream, sum, count);
}

}  // namespace rondo::comm::cuda
