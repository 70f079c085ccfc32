// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <string_view>

#include <cublasLt.h>

#include "rondo/base/float16.hpp"

#include "memory.hpp"
#include "streams.hpp"

// NOLINTBEGIN: cuBLASLt's names
struct cublasLtContext {};

struct cublasLtMatmulDescOpaque_t {
  std::int32_t a_operation = CUBLAS_OP_N;
  std::int32_t b_operation = CUBLAS_OP_N;
  std::uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  void* vector = nullptr;
};

struct cublasLtMatrixLayoutOpaque_t {
  cudaDataType_t type;
  std::uint64_t rows;
  std::uint64_t columns;
  std::int64_t leading_dimension;
};

struct cublasLtMatmulPreferenceOpaque_t {
  std::uint64_t workspace_bytes = 0;
  std::uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_MASK;
  std::uint32_t alignment[4] = {256, 256, 256, 256};
};
// NOLINTEND

namespace cuda_emulation {

CublasLtFaults& cublaslt_faults() {
  static CublasLtFaults faults;
  return faults;
}

namespace {

constexpr unsigned vector_epilogues =
    CUBLASLT_EPILOGUE_BIAS | CUBLASLT_EPILOGUE_BGRADA | CUBLASLT_EPILOGUE_BGRADB;

unsigned& epilogues_run() {
  static unsigned epilogues = 0;
  return epilogues;
}

cublasStatus_t status_of(std::string_view call) {
  const CublasLtFaults& faults = cublaslt_faults();
  return faults.call != nullptr && call == faults.call ? faults.status : CUBLAS_STATUS_SUCCESS;
}

/// Of rows, columns and the summed dimension.
struct Shape {
  std::uint64_t m = 0;
  std::uint64_t n = 0;
  std::uint64_t k = 0;
  bool is_valid = false;
};

/// Not the same for all, so that a later product may need more than those before.
std::size_t workspace_bytes_for(const Shape& shape) {
  return shape.n % 2 == 0 ? 4096 : 8192;
}

bool is_packed(const cublasLtMatrixLayoutOpaque_t& layout) {
  return layout.leading_dimension >= static_cast<std::int64_t>(layout.rows);
}

Shape shape_of(const cublasLtMatmulDescOpaque_t& operation, const cublasLtMatrixLayoutOpaque_t& a,
               const cublasLtMatrixLayoutOpaque_t& b, const cublasLtMatrixLayoutOpaque_t& d) {
  const bool is_a_transposed = operation.a_operation == CUBLAS_OP_T;
  const bool is_b_transposed = operation.b_operation == CUBLAS_OP_T;
  Shape shape{.m = is_a_transposed ? a.columns : a.rows,
              .n = is_b_transposed ? b.rows : b.columns,
              .k = is_a_transposed ? a.rows : a.columns};
  const std::uint64_t k = is_b_transposed ? b.columns : b.rows;
  shape.is_valid = shape.k == k && d.rows == shape.m && d.columns == shape.n && a.type == b.type &&
                   (d.type == a.type || d.type == CUDA_R_32F) && is_packed(a) && is_packed(b) &&
                   is_packed(d);
  return shape;
}

/// What an algorithm is for: a product must ask for the same.
cublasLtMatmulAlgo_t algorithm_for(const cublasLtMatmulDescOpaque_t& operation, const Shape& shape,
                                   const cublasLtMatrixLayoutOpaque_t& a,
                                   const cublasLtMatrixLayoutOpaque_t& d, std::uint64_t reductions,
                                   std::uint64_t alignment) {
  return {{shape.m, shape.n, shape.k,
           (std::uint64_t{operation.epilogue} << 32) |
               (static_cast<std::uint64_t>(operation.a_operation) << 8) |
               static_cast<std::uint64_t>(operation.b_operation),
           static_cast<std::uint64_t>(a.type), static_cast<std::uint64_t>(d.type), reductions,
           alignment}};
}

float load(const void* from, cudaDataType_t type, std::uint64_t i) {
  switch (type) {
    case CUDA_R_32F: return static_cast<const float*>(from)[i];
    case CUDA_R_16BF: return static_cast<float>(static_cast<const rondo::bfloat16*>(from)[i]);
    case CUDA_R_16F: return static_cast<float>(static_cast<const rondo::half*>(from)[i]);
  }
  return 0;
}

void store(double value, void* to, cudaDataType_t type, std::uint64_t i) {
  const auto rounded = static_cast<float>(value);
  switch (type) {
    case CUDA_R_32F: static_cast<float*>(to)[i] = rounded; break;
    case CUDA_R_16BF:
      static_cast<rondo::bfloat16*>(to)[i] = static_cast<rondo::bfloat16>(rounded);
      break;
    case CUDA_R_16F: static_cast<rondo::half*>(to)[i] = static_cast<rondo::half>(rounded); break;
  }
}

/// A matrix as its operation presents it.
struct View {
  const void* data;
  cublasLtMatrixLayoutOpaque_t layout;
  bool is_transposed;

  double at(std::uint64_t row, std::uint64_t column) const {
    if (is_transposed) std::swap(row, column);
    return load(data, layout.type,
                row + column * static_cast<std::uint64_t>(layout.leading_dimension));
  }
};

struct Product {
  View a;
  View b;
  void* d;
  cublasLtMatrixLayoutOpaque_t d_layout;
  Shape shape;
  std::uint32_t epilogue;
  void* vector;
  bool has_any_order;  ///< of its sums
  void* workspace;
  std::size_t workspace_bytes;

  void run() const {
    const DeviceAccess access;
    std::memset(workspace, 0xFF, workspace_bytes);
    for (std::uint64_t column = 0; column < shape.n; ++column)
      for (std::uint64_t row = 0; row < shape.m; ++row)
        store(result(row, column), d, d_layout.type,
              row + column * static_cast<std::uint64_t>(d_layout.leading_dimension));
    if (epilogue == CUBLASLT_EPILOGUE_BGRADA) store_sums(a, shape.m, false);
    if (epilogue == CUBLASLT_EPILOGUE_BGRADB) store_sums(b, shape.n, true);
  }

 private:
  double result(std::uint64_t row, std::uint64_t column) const {
    double sum = 0;
    for (std::uint64_t i = 0; i < shape.k; ++i)
      sum += a.at(row, i) * b.at(i, column);
    if (has_any_order) sum *= 1.0 + 1e-3 * static_cast<double>(next_run());
    if ((epilogue & CUBLASLT_EPILOGUE_BIAS) != 0) sum += load(vector, d_layout.type, row);
    return (epilogue & CUBLASLT_EPILOGUE_RELU) != 0 && !(sum > 0) ? 0.0 : sum;
  }

  void store_sums(const View& matrix, std::uint64_t count, bool over_rows) const {
    for (std::uint64_t i = 0; i < count; ++i) {
      double sum = 0;
      for (std::uint64_t k = 0; k < shape.k; ++k)
        sum += over_rows ? matrix.at(k, i) : matrix.at(i, k);
      store(sum, vector, d_layout.type, i);
    }
  }

  static unsigned next_run() {
    static unsigned runs = 0;
    return ++runs;
  }
};

bool is_aligned(const void* address, std::uint64_t alignment) {
  return reinterpret_cast<std::uintptr_t>(address) % alignment == 0;
}

template <class T>
cublasStatus_t assign(T& to, const void* value, std::size_t bytes) {
  if (value == nullptr || bytes != sizeof(T)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

/// NOLINTBEGIN(cppcoreguidelines-owning-memory): cuBLASLt's handles are so
template <class T>
cublasStatus_t make(T** made, const char* call, const T& value = {}) {
  const cublasStatus_t status = status_of(call);
  if (status == CUBLAS_STATUS_SUCCESS) *made = new T(value);
  return status;
}

template <class T>
cublasStatus_t destroy(T* made) {
  delete made;
  return CUBLAS_STATUS_SUCCESS;
}
// NOLINTEND

}  // namespace

unsigned cublaslt_epilogues_run() {
  return epilogues_run();
}

}  // namespace cuda_emulation

using namespace cuda_emulation;  // NOLINT(google-build-using-namespace): cuBLASLt's are global

const char* cublasLtGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS: return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_ARCH_MISMATCH: return "CUBLAS_STATUS_ARCH_MISMATCH";
    case CUBLAS_STATUS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_INTERNAL_ERROR: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case CUBLAS_STATUS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "a status that the emulation does not name";
}

const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "success" : "an error of the emulated cuBLASLt";
}

std::size_t cublasLtGetVersion() {
  return 130000;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  return make(handle, "cublasLtCreate");
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  return destroy(handle);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation,
                                        cublasComputeType_t /*compute*/, cudaDataType_t scale) {
  if (scale != CUDA_R_32F) return CUBLAS_STATUS_INVALID_VALUE;
  return make(operation, "cublasLtMatmulDescCreate");
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation) {
  return destroy(operation);
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation,
                                              cublasLtMatmulDescAttributes_t name,
                                              const void* value, std::size_t bytes) {
  const cublasStatus_t status = status_of("cublasLtMatmulDescSetAttribute");
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  switch (name) {
    case CUBLASLT_MATMUL_DESC_TRANSA: return assign(operation->a_operation, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB: return assign(operation->b_operation, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE: return assign(operation->epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return assign(operation->vector, value, bytes);
  }
  return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type,
                                          std::uint64_t rows, std::uint64_t columns,
                                          std::int64_t leading_dimension) {
  return make(layout, "cublasLtMatrixLayoutCreate", {type, rows, columns, leading_dimension});
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return destroy(layout);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  return make(preference, "cublasLtMatmulPreferenceCreate");
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy(preference);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t name,
                                                    const void* value, std::size_t bytes) {
  const cublasStatus_t status = status_of("cublasLtMatmulPreferenceSetAttribute");
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  switch (name) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return assign(preference->workspace_bytes, value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      return assign(preference->reductions, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return assign(preference->alignment[name - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES], value,
                    bytes);
  }
  return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t /*handle*/,
                                              cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              cublasLtMatmulHeuristicResult_t* results,
                                              int* count) {
  const cublasStatus_t status = status_of("cublasLtMatmulAlgoGetHeuristic");
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  const Shape shape = shape_of(*operation, *a, *b, *d);
  const bool has_vector = (operation->epilogue & vector_epilogues) != 0;
  if (!shape.is_valid || c->type != d->type || wanted < 1) return CUBLAS_STATUS_INVALID_VALUE;
  *count = 0;
  if (preference->workspace_bytes < workspace_bytes_for(shape)) return CUBLAS_STATUS_NOT_SUPPORTED;
  if ((operation->epilogue & cublaslt_faults().missing_epilogues) != 0 ||
      (has_vector && operation->vector == nullptr))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  const auto alignment =
      *std::min_element(std::begin(preference->alignment), std::end(preference->alignment));
  *count = 1;
  results[0] = {.algo = algorithm_for(*operation, shape, *a, *d, preference->reductions, alignment),
                .workspaceSize = workspace_bytes_for(shape),
                .state = CUBLAS_STATUS_SUCCESS,
                .wavesCount = 1,
                .reserved = {}};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t /*handle*/, cublasLtMatmulDesc_t operation,
                              const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
                              const void* b, cublasLtMatrixLayout_t b_layout, const void* beta,
                              const void* /*c*/, cublasLtMatrixLayout_t /*c_layout*/, void* d,
                              cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  const cublasStatus_t status = status_of("cublasLtMatmul");
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  const Shape shape = shape_of(*operation, *a_layout, *b_layout, *d_layout);
  const std::uint64_t reductions = algorithm->data[6];
  const std::uint64_t alignment = algorithm->data[7];
  const auto expected =
      algorithm_for(*operation, shape, *a_layout, *d_layout, reductions, alignment);
  const bool has_vector = (operation->epilogue & vector_epilogues) != 0;
  const bool is_well_aligned = is_aligned(a, alignment) && is_aligned(b, alignment) &&
                               is_aligned(d, alignment) &&
                               (!has_vector || is_aligned(operation->vector, alignment));
  if (!shape.is_valid || std::memcmp(&expected, algorithm, sizeof(expected)) != 0 ||
      !is_well_aligned || workspace_bytes < workspace_bytes_for(shape) || workspace == nullptr)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (*static_cast<const float*>(alpha) != 1 || *static_cast<const float*>(beta) != 0)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  epilogues_run() |= operation->epilogue;
  const Product product{.a = {a, *a_layout, operation->a_operation == CUBLAS_OP_T},
                        .b = {b, *b_layout, operation->b_operation == CUBLAS_OP_T},
                        .d = d,
                        .d_layout = *d_layout,
                        .shape = shape,
                        .epilogue = operation->epilogue,
                        .vector = operation->vector,
                        .has_any_order = (reductions & CUBLASLT_REDUCTION_SCHEME_INPLACE) != 0,
                        .workspace = workspace,
                        .workspace_bytes = workspace_bytes};
  queue(stream, [product] { product.run(); });
  return CUBLAS_STATUS_SUCCESS;
}
