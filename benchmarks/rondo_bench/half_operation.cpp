// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo_bench/half_operation.hpp"

#include <algorithm>
#include <cstdint>

#include <immintrin.h>

#include "rondo/base/float16.hpp"

namespace rondo::bench {
namespace {

using comm::ReduceOp;

template <ReduceOp op>
float combine(float a, float b) {
  if constexpr (op == ReduceOp::min) return std::min(a, b);
  if constexpr (op == ReduceOp::max) return std::max(a, b);
  return a + b;
}

// GCC vectorises this one.
template <ReduceOp op>
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) void combine_bf16(
    void* values, void* accumulator, int* count, MPI_Datatype* /*type*/) {
  const auto* in = static_cast<const bfloat16*>(values);
  auto* inout = static_cast<bfloat16*>(accumulator);
  for (int i = 0; i < *count; ++i)
    inout[i] = bfloat16(combine<op>(static_cast<float>(in[i]), static_cast<float>(inout[i])));
}

// As GCC compiles _Float16, which clang 14 does not know: an instruction for each conversion.
template <ReduceOp op>
__attribute__((target("f16c"))) void combine_f16(void* values, void* accumulator, int* count,
                                                 MPI_Datatype* /*type*/) {
  const auto* in = static_cast<const std::uint16_t*>(values);
  auto* inout = static_cast<std::uint16_t*>(accumulator);
  for (int i = 0; i < *count; ++i)
    inout[i] = _cvtss_sh(combine<op>(_cvtsh_ss(in[i]), _cvtsh_ss(inout[i])), 0);
}

template <ReduceOp op>
void combine_f16_in_software(void* values, void* accumulator, int* count, MPI_Datatype* /*type*/) {
  const auto* in = static_cast<const half*>(values);
  auto* inout = static_cast<half*>(accumulator);
  for (int i = 0; i < *count; ++i)
    inout[i] = half(combine<op>(static_cast<float>(in[i]), static_cast<float>(inout[i])));
}

template <ReduceOp op>
MPI_User_function* for_dtype(DType dtype) {
  if (dtype == DType::bf16) return combine_bf16<op>;
  return __builtin_cpu_supports("f16c") != 0 ? combine_f16<op> : combine_f16_in_software<op>;
}

}  // namespace

MPI_User_function* half_operation(DType dtype, ReduceOp op) {
  switch (op) {
    case ReduceOp::min: return for_dtype<ReduceOp::min>(dtype);
    case ReduceOp::max: return for_dtype<ReduceOp::max>(dtype);
    default: return for_dtype<ReduceOp::sum>(dtype);
  }
}

}  // namespace rondo::bench
