// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/cublaslt.hpp"

#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/error.hpp"

namespace rondo::nn::cuda::cublaslt {
namespace {

/// What NVIDIA advises for an H100; other GPUs take less.
constexpr std::size_t most_workspace_bytes = std::size_t{32} << 20;
constexpr std::uint32_t alignment = 16;

struct PreferenceTraits {
  using handle_type = cublasLtMatmulPreference_t;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type preference) noexcept {
    cublasLtMatmulPreferenceDestroy(preference);
  }
};
using Preference = UniqueHandle<PreferenceTraits>;
using Operation = UniqueHandle<OperationTraits>;
using Layout = UniqueHandle<LayoutTraits>;

template <class T>
void set(const Operation& operation, cublasLtMatmulDescAttributes_t name, const T& value) {
  check(cublasLtMatmulDescSetAttribute(operation.get(), name, &value, sizeof(T)),
        "cublasLtMatmulDescSetAttribute");
}

template <class T>
void set(const Preference& preference, cublasLtMatmulPreferenceAttributes_t name, const T& value) {
  check(cublasLtMatmulPreferenceSetAttribute(preference.get(), name, &value, sizeof(T)),
        "cublasLtMatmulPreferenceSetAttribute");
}

bool has_vector(cublasLtEpilogue_t epilogue) {
  return (epilogue &
          (CUBLASLT_EPILOGUE_BIAS | CUBLASLT_EPILOGUE_BGRADA | CUBLASLT_EPILOGUE_BGRADB)) != 0;
}

Operation make_operation(const Problem& problem) {
  cublasLtMatmulDesc_t made = nullptr;
  check(cublasLtMatmulDescCreate(&made, CUBLAS_COMPUTE_32F, CUDA_R_32F),
        "cublasLtMatmulDescCreate");
  Operation operation(made);
  set(operation, CUBLASLT_MATMUL_DESC_TRANSA, static_cast<std::int32_t>(problem.a_operation));
  set(operation, CUBLASLT_MATMUL_DESC_TRANSB, static_cast<std::int32_t>(problem.b_operation));
  set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, static_cast<std::uint32_t>(problem.epilogue));
  // The heuristics look at its alignment alone.
  if (has_vector(problem.epilogue))
    set(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, reinterpret_cast<const void*>(alignment));
  return operation;
}

Layout make_layout(const Matrix& matrix) {
  cublasLtMatrixLayout_t layout = nullptr;
  check(cublasLtMatrixLayoutCreate(&layout, matrix.type, matrix.rows, matrix.columns,
                                   static_cast<std::int64_t>(matrix.rows)),
        "cublasLtMatrixLayoutCreate");
  return Layout(layout);
}

Preference make_preference() {
  cublasLtMatmulPreference_t made = nullptr;
  check(cublasLtMatmulPreferenceCreate(&made), "cublasLtMatmulPreferenceCreate");
  Preference preference(made);
  set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, most_workspace_bytes);
  set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});  // or none
  for (const auto name :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    set(preference, name, alignment);
  return preference;
}

const char* name_of(cudaDataType_t type) {
  switch (type) {
    case CUDA_R_32F: return "f32";
    case CUDA_R_16BF: return "bf16";
    case CUDA_R_16F: return "f16";
    default: return "another type";
  }
}

std::string describe(const Problem& problem) {
  const auto transposed = [](cublasOperation_t operation) {
    return operation == CUBLAS_OP_T ? " transposed" : "";
  };
  return fmt::format("{}x{}{} by {}x{}{}, {} to {}, epilogue {}", problem.a.rows, problem.a.columns,
                     transposed(problem.a_operation), problem.b.rows, problem.b.columns,
                     transposed(problem.b_operation), name_of(problem.a.type),
                     name_of(problem.d.type), static_cast<int>(problem.epilogue));
}

std::string text_of(cublasStatus_t status, std::string_view call) {
  return fmt::format("{} failed: {}: {}", call, cublasLtGetStatusName(status),
                     cublasLtGetStatusString(status));
}

}  // namespace

void check(cublasStatus_t status, std::string_view call) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS: return;
    case CUBLAS_STATUS_ARCH_MISMATCH:
      throw ConfigError(fmt::format("{}: this cuBLASLt has no kernels for the GPU: use a newer one",
                                    text_of(status, call)));
    case CUBLAS_STATUS_NOT_INITIALIZED:
    case CUBLAS_STATUS_ALLOC_FAILED:
      throw DeviceError(fmt::format(
          "{}: the GPU's memory may not suffice for it: use smaller lanes", text_of(status, call)));
    default: throw DeviceError(text_of(status, call));
  }
}

UniqueHandle<HandleTraits> make_handle(const Device& device) {
  device.make_current();
  cublasLtHandle_t handle = nullptr;
  check(cublasLtCreate(&handle), "cublasLtCreate");
  return UniqueHandle<HandleTraits>(handle);
}

void Plan::run(cublasLtHandle_t handle, DeviceStream& stream, const Addresses& addresses,
               void* workspace) const {
  const float one = 1;
  const float zero = 0;
  if (addresses.vector != nullptr)
    set(operation_, CUBLASLT_MATMUL_DESC_BIAS_POINTER, addresses.vector);
  check(cublasLtMatmul(handle, operation_.get(), &one, addresses.a, a_.get(), addresses.b, b_.get(),
                       &zero, addresses.d, d_.get(), addresses.d, d_.get(), &algorithm_, workspace,
                       workspace_bytes_, stream.handle()),
        "cublasLtMatmul");
  stream.launched("a product of cuBLASLt");
}

std::optional<Plan> find_plan(cublasLtHandle_t handle, const Problem& problem) {
  Plan plan;
  plan.operation_ = make_operation(problem);
  plan.a_ = make_layout(problem.a);
  plan.b_ = make_layout(problem.b);
  plan.d_ = make_layout(problem.d);
  cublasLtMatmulHeuristicResult_t found{};
  int count = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle, plan.operation_.get(), plan.a_.get(), plan.b_.get(), plan.d_.get(), plan.d_.get(),
      make_preference().get(), 1, &found, &count);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) return std::nullopt;
  check(status, "cublasLtMatmulAlgoGetHeuristic");
  if (count == 0 || found.state != CUBLAS_STATUS_SUCCESS) return std::nullopt;
  plan.algorithm_ = found.algo;
  plan.workspace_bytes_ = found.workspaceSize;
  return plan;
}

Plan make_plan(cublasLtHandle_t handle, const Problem& problem) {
  auto plan = find_plan(handle, problem);
  if (!plan)
    throw DeviceError(fmt::format("cuBLASLt {} has no way for the product of {}",
                                  cublasLtGetVersion(), describe(problem)));
  return std::move(*plan);
}

}  // namespace rondo::nn::cuda::cublaslt
