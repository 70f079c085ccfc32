// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "memory.hpp"

#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

#include <cuda_runtime_api.h>

#include "sanitizer.hpp"
#include "streams.hpp"

namespace cuda_emulation {
namespace {

constexpr std::size_t total_bytes = std::size_t{4} << 30;
constexpr std::size_t alignment = 256;
constexpr int unwritten = 0xFF;

struct Freeing {
  void operator()(void* memory) const { std::free(memory); }
};

/// All of the GPU's memory: allocations of the exact sizes, so that the address sanitizer finds
/// accesses beyond them.
struct Memory {
  struct Allocation {
    std::unique_ptr<void, Freeing> owner;
    std::size_t bytes;
  };
  std::map<void*, Allocation> allocations;
  std::size_t used_bytes = 0;
  std::size_t occupied_bytes = 0;

  std::size_t free_bytes() const { return total_bytes - used_bytes - occupied_bytes; }
};

Memory& device_memory() {
  static Memory memory;
  return memory;
}

void* allocate(std::size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes) != 0) return nullptr;
  return std::memset(memory, unwritten, bytes);
}

}  // namespace

void occupy(std::size_t bytes) {
  const std::lock_guard lock(runtime_mutex());
  device_memory().occupied_bytes = bytes;
}

DeviceAccess::DeviceAccess() {
  for (const auto& [begin, allocation] : device_memory().allocations)
    allow_access(begin, allocation.bytes);
}

DeviceAccess::~DeviceAccess() {
  for (const auto& [begin, allocation] : device_memory().allocations)
    forbid_access(begin, allocation.bytes);
}

}  // namespace cuda_emulation

using namespace cuda_emulation;  // NOLINT(google-build-using-namespace): CUDA's names are global

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const std::lock_guard lock(runtime_mutex());
  *total = total_bytes;
  *free = device_memory().free_bytes();
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t code = not_captured(); code != cudaSuccess) return code;
  Memory& all = device_memory();
  if (bytes > all.free_bytes()) return failed(cudaErrorMemoryAllocation);
  *memory = allocate(bytes);
  if (*memory == nullptr) return failed(cudaErrorMemoryAllocation);
  all.allocations[*memory] = {.owner = {*memory, {}}, .bytes = bytes};
  all.used_bytes += bytes;
  forbid_access(*memory, bytes);
  return cudaSuccess;
}

/// As CUDA's: after all work that was queued.
cudaError_t cudaFree(void* memory) {
  if (memory == nullptr) return cudaSuccess;
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t code = not_captured(); code != cudaSuccess) return code;
  run_all_streams("cudaFree");
  Memory& all = device_memory();
  const auto found = all.allocations.find(memory);
  if (found == all.allocations.end()) return failed(cudaErrorInvalidValue);
  allow_access(memory, found->second.bytes);
  all.used_bytes -= found->second.bytes;
  all.allocations.erase(found);
  return cudaSuccess;
}

cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  if (const cudaError_t code = not_captured(); code != cudaSuccess) return code;
  *memory = allocate(bytes);
  return *memory == nullptr ? failed(cudaErrorMemoryAllocation) : cudaSuccess;
}

cudaError_t cudaFreeHost(void* memory) {
  const std::lock_guard lock(runtime_mutex());
  if (const cudaError_t code = not_captured(); code != cudaSuccess) return code;
  run_all_streams("cudaFreeHost");
  std::free(memory);
  return cudaSuccess;
}

cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
  if (const cudaError_t code = not_captured(); code != cudaSuccess) return code;
  return cudaMemsetAsync(memory, value, bytes, nullptr);
}

cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  return queue(stream, [=] {
    const DeviceAccess access;
    std::memset(memory, value, bytes);
  });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind /*kind*/,
                            cudaStream_t stream) {
  return queue(stream, [=] {
    const DeviceAccess access;
    std::memcpy(to, from, bytes);
  });
}
