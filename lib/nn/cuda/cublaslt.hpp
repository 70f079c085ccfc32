// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <cublasLt.h>

#include "rondo/base/device.hpp"
#include "rondo/base/device_limit.hpp"
#include "rondo/base/device_stream.hpp"
#include "rondo/base/unique_handle.hpp"

// What of cuBLASLt linear layers need: a product of two matrices, and an epilogue.
// https://docs.nvidia.com/cuda/cublas/#using-the-cublaslt-api
namespace rondo::nn::cuda::cublaslt {

/// \throws ConfigError  a GPU that this cuBLASLt has no kernels for
/// \throws DeviceError  everything else, naming the call
void check(cublasStatus_t status, std::string_view call);

struct HandleTraits {
  using handle_type = cublasLtHandle_t;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type handle) noexcept {
    if (!device_has_hung()) cublasLtDestroy(handle);
  }
};

struct OperationTraits {
  using handle_type = cublasLtMatmulDesc_t;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type operation) noexcept { cublasLtMatmulDescDestroy(operation); }
};

struct LayoutTraits {
  using handle_type = cublasLtMatrixLayout_t;
  static handle_type null() noexcept { return nullptr; }
  static void close(handle_type layout) noexcept { cublasLtMatrixLayoutDestroy(layout); }
};

UniqueHandle<HandleTraits> make_handle(const Device& device);

/// As cuBLASLt stores them: column by column, without gaps. Rows one behind the other are the
/// columns of the transposed matrix.
struct Matrix {
  cudaDataType_t type = CUDA_R_32F;
  std::size_t rows = 0;
  std::size_t columns = 0;
};

/// d = epilogue(op(a) op(b)), with sums of f32.
struct Problem {
  Matrix a;
  Matrix b;
  Matrix d;
  cublasOperation_t a_operation = CUBLAS_OP_N;
  cublasOperation_t b_operation = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
};

/// At multiples of 16 bytes.
struct Addresses {
  const void* a = nullptr;
  const void* b = nullptr;
  void* d = nullptr;
  /// What the epilogue reads or writes, in the type of `d`: a bias, or the gradient of one.
  const void* vector = nullptr;
};

/// A way to compute a Problem.
class Plan {
 public:
  std::size_t workspace_bytes() const noexcept { return workspace_bytes_; }
  /// Queues it. `workspace` is as large as workspace_bytes().
  void run(cublasLtHandle_t handle, DeviceStream& stream, const Addresses& addresses,
           void* workspace) const;

 private:
  friend std::optional<Plan> find_plan(cublasLtHandle_t handle, const Problem& problem);
  Plan() = default;

  UniqueHandle<OperationTraits> operation_;
  UniqueHandle<LayoutTraits> a_;
  UniqueHandle<LayoutTraits> b_;
  UniqueHandle<LayoutTraits> d_;
  cublasLtMatmulAlgo_t algorithm_{};
  std::size_t workspace_bytes_ = 0;
};

/// The fastest by cuBLASLt's heuristics of those that give the same bits on every run: parts of a
/// sum are added up in the workspace, in f32, or there are none. f32 is multiplied as such, not as
/// TF32. Nothing if cuBLASLt has none, as it has not every epilogue for every type and shape.
std::optional<Plan> find_plan(cublasLtHandle_t handle, const Problem& problem);

/// \throws DeviceError  there is none
Plan make_plan(cublasLtHandle_t handle, const Problem& problem);

}  // namespace rondo::nn::cuda::cublaslt
