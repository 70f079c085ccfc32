// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "comm/nccl/nccl_api.hpp"

#include <cstring>

#include <nccl.h>

namespace rondo::comm::nccl {
namespace {

static_assert(static_cast<int>(Result::success) == ncclSuccess);
static_assert(static_cast<int>(Result::unhandled_cuda_error) == ncclUnhandledCudaError);
static_assert(static_cast<int>(Result::system_error) == ncclSystemError);
static_assert(static_cast<int>(Result::internal_error) == ncclInternalError);
static_assert(static_cast<int>(Result::invalid_argument) == ncclInvalidArgument);
static_assert(static_cast<int>(Result::invalid_usage) == ncclInvalidUsage);
static_assert(static_cast<int>(Result::remote_error) == ncclRemoteError);
static_assert(static_cast<int>(Result::in_progress) == ncclInProgress);
static_assert(static_cast<int>(DataType::u8) == ncclUint8);
static_assert(static_cast<int>(DataType::f16) == ncclFloat16);
static_assert(static_cast<int>(DataType::f32) == ncclFloat32);
static_assert(static_cast<int>(DataType::f64) == ncclFloat64);
static_assert(static_cast<int>(DataType::bf16) == ncclBfloat16);
static_assert(sizeof(UniqueId) == sizeof(ncclUniqueId));

constexpr Result result_of(ncclResult_t result) {
  return static_cast<Result>(result);
}
constexpr ncclDataType_t type_of(DataType type) {
  return static_cast<ncclDataType_t>(type);
}

Result get_version(int* version) {
  return result_of(ncclGetVersion(version));
}
Result get_unique_id(UniqueId* id) {
  ncclUniqueId own;
  const Result result = result_of(ncclGetUniqueId(&own));
  std::memcpy(id->bytes.data(), own.internal, sizeof own);
  return result;
}
Result comm_init_rank_config(Handle* handle, int ranks, const UniqueId& id, int rank) {
  ncclUniqueId own;
  std::memcpy(own.internal, id.bytes.data(), sizeof own);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  return result_of(ncclCommInitRankConfig(handle, ranks, own, rank, &config));
}
Result comm_finalize(Handle handle) {
  return result_of(ncclCommFinalize(handle));
}
Result comm_destroy(Handle handle) {
  return result_of(ncclCommDestroy(handle));
}
Result comm_abort(Handle handle) {
  return result_of(ncclCommAbort(handle));
}
Result comm_get_async_error(Handle handle, Result* error) {
  ncclResult_t own = ncclSuccess;
  const Result result = result_of(ncclCommGetAsyncError(handle, &own));
  *error = result_of(own);
  return result;
}
const char* get_error_string(Result result) {
  return ncclGetErrorString(static_cast<ncclResult_t>(result));
}
const char* get_last_error(Handle handle) {
  return ncclGetLastError(handle);
}

Result group_start() {
  return result_of(ncclGroupStart());
}
Result group_end() {
  return result_of(ncclGroupEnd());
}
Result all_reduce(const void* input, void* output, std::size_t count, DataType type, Handle handle,
                  StreamHandle stream) {
  return result_of(ncclAllReduce(input, output, count, type_of(type), ncclSum, handle, stream));
}
Result reduce_scatter(const void* input, void* output, std::size_t count, DataType type,
                      Handle handle, StreamHandle stream) {
  return result_of(ncclReduceScatter(input, output, count, type_of(type), ncclSum, handle, stream));
}
Result all_gather(const void* input, void* output, std::size_t count, DataType type, Handle handle,
                  StreamHandle stream) {
  return result_of(ncclAllGather(input, output, count, type_of(type), handle, stream));
}
Result broadcast(const void* input, void* output, std::size_t count, DataType type, int root,
                 Handle handle, StreamHandle stream) {
  return result_of(ncclBroadcast(input, output, count, type_of(type), root, handle, stream));
}
Result send(const void* data, std::size_t count, DataType type, int peer, Handle handle,
            StreamHandle stream) {
  return result_of(ncclSend(data, count, type_of(type), peer, handle, stream));
}
Result recv(void* data, std::size_t count, DataType type, int peer, Handle handle,
            StreamHandle stream) {
  return result_of(ncclRecv(data, count, type_of(type), peer, handle, stream));
}

#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 19, 0)
Result mem_alloc(void** memory, std::size_t bytes) {
  return result_of(ncclMemAlloc(memory, bytes));
}
Result mem_free(void* memory) {
  return result_of(ncclMemFree(memory));
}
Result comm_register(Handle handle, void* memory, std::size_t bytes, void** registration) {
  return result_of(ncclCommRegister(handle, memory, bytes, registration));
}
Result comm_deregister(Handle handle, void* registration) {
  return result_of(ncclCommDeregister(handle, registration));
}
#else
constexpr decltype(Api::mem_alloc) mem_alloc = nullptr;
constexpr decltype(Api::mem_free) mem_free = nullptr;
constexpr decltype(Api::comm_register) comm_register = nullptr;
constexpr decltype(Api::comm_deregister) comm_deregister = nullptr;
#endif

}  // namespace

const Api& api() {
  static constexpr Api linked{.get_version = get_version,
                              .get_unique_id = get_unique_id,
                              .comm_init_rank_config = comm_init_rank_config,
                              .comm_finalize = comm_finalize,
                              .comm_destroy = comm_destroy,
                              .comm_abort = comm_abort,
                              .comm_get_async_error = comm_get_async_error,
                              .get_error_string = get_error_string,
                              .get_last_error = get_last_error,
                              .group_start = group_start,
                              .group_end = group_end,
                              .all_reduce = all_reduce,
                              .reduce_scatter = reduce_scatter,
                              .all_gather = all_gather,
                              .broadcast = broadcast,
                              .send = send,
                              .recv = recv,
                              .mem_alloc = mem_alloc,
                              .mem_free = mem_free,
                              .comm_register = comm_register,
                              .comm_deregister = comm_deregister};
  return linked;
}

}  // namespace rondo::comm::nccl
