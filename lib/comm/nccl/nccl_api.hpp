// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

struct ncclComm;
struct CUstream_st;

namespace rondo::comm::nccl {

/// The values are those of nccl.h.
enum class Result : int {
  success = 0,
  unhandled_cuda_error = 1,
  system_error = 2,
  internal_error = 3,
  invalid_argument = 4,
  invalid_usage = 5,
  remote_error = 6,
  in_progress = 7
};
enum class DataType : int { u8 = 1, f16 = 6, f32 = 7, f64 = 8, bf16 = 9 };

struct UniqueId {
  std::array<char, 128> bytes{};
};

using Handle = ncclComm*;
using StreamHandle = CUstream_st*;

/// All of NCCL that Rondo calls, so that tests can stand in for it. Every sum is ncclSum; a
/// communicator is made with ncclConfig_t::blocking = 0. The last four are null where this NCCL
/// cannot register memory (before 2.19).
struct Api {
  Result (*get_version)(int* version);
  Result (*get_unique_id)(UniqueId* id);
  Result (*comm_init_rank_config)(Handle* handle, int ranks, const UniqueId& id, int rank);
  Result (*comm_finalize)(Handle handle);
  Result (*comm_destroy)(Handle handle);
  Result (*comm_abort)(Handle handle);
  Result (*comm_get_async_error)(Handle handle, Result* error);
  const char* (*get_error_string)(Result result);
  const char* (*get_last_error)(Handle handle);

  Result (*group_start)();
  Result (*group_end)();
  Result (*all_reduce)(const void* input, void* output, std::size_t count, DataType type,
                       Handle handle, StreamHandle stream);
  Result (*reduce_scatter)(const void* input, void* output, std::size_t count, DataType type,
                           Handle handle, StreamHandle stream);
  Result (*all_gather)(const void* input, void* output, std::size_t count, DataType type,
                       Handle handle, StreamHandle stream);
  Result (*broadcast)(const void* input, void* output, std::size_t count, DataType type, int root,
                      Handle handle, StreamHandle stream);
  Result (*send)(const void* data, std::size_t count, DataType type, int peer, Handle handle,
                 StreamHandle stream);
  Result (*recv)(void* data, std::size_t count, DataType type, int peer, Handle handle,
                 StreamHandle stream);

  Result (*mem_alloc)(void** memory, std::size_t bytes);
  Result (*mem_free)(void* memory);
  Result (*comm_register)(Handle handle, void* memory, std::size_t bytes, void** registration);
  Result (*comm_deregister)(Handle handle, void* registration);
};

/// The NCCL that this build is linked with. \throws ConfigError  a build without CUDA
const Api& api();

}  // namespace rondo::comm::nccl
