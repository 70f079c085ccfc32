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

/// The loop as a program would write it. Inlined, it is compiled for the processor of its caller.
template <class T, ReduceOp op>
[[gnu::always_inline]] inline void combine_all(const void* values, void* accumulator, int count) {
  const auto* in = static_cast<const T*>(values);
  auto* inout = static_cast<T*>(accumulator);
  for (int i = 0; i < count; ++i)
    inout[i] = T(combine<op>(static_cast<float>(in[i]), static_cast<float>(inout[i])));
}

template <class T, ReduceOp op>
void combine_anywhere(void* values, void* accumulator, int* count, MPI_Datatype* /*type*/) {
  combine_all<T, op>(values, accumulator, *count);
}

// GCC vectorises this one.
template <ReduceOp op>
__attribute__((target("avx2"))) void combine_bf16(void* values, void* accumulator, int* count,
                                                  MPI_Datatype* /*type*/) {
  combine_all<bfloat16, op>(values, accumulator, *count);
}

// As GCC compiles _Float16, which clang 14 does not know: an instruction for each conversion.
template <ReduceOp op>
__attribute__((target("avx2,f16c"))) void combine_f16(void* values, void* accumulator, int* count,
                                                      MPI_Datatype* /*type*/) {
  const auto* in = static_cast<const std::uint16_t*>(values);
  auto* inout = static_cast<std::uint16_t*>(accumulator);
  for (int i = 0; i < *count; ++i)
    inout[i] = _cvtss_sh(combine<op>(_cvtsh_ss(in[i]), _cvtsh_ss(inout[i])), 0);
}

template <ReduceOp op>
MPI_User_function* for_dtype(DType dtype) {
  // Every processor with AVX2 has F16C, which clang 14 cannot ask for.
  const bool vectors = __builtin_cpu_supports("avx2") != 0;
  if (dtype == DType::bf16) return vectors ? combine_bf16<op> : combine_anywhere<bfloat16, op>;
  return vectors ? combine_f16<op> : combine_anywhere<half, op>;
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
