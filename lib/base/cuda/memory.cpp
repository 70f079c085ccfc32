// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "rondo/base/device_limit.hpp"
#include "rondo/base/device_memory.hpp"

#include "base/cuda/check.hpp"
#include "base/cuda/wait.hpp"

namespace rondo {

void DeviceMemoryTraits::close(handle_type memory) noexcept {
  if (!device_has_hung()) cudaFree(memory);
}

void PinnedMemoryTraits::close(handle_type memory) noexcept {
  if (!device_has_hung()) cudaFreeHost(memory);
}

namespace detail {

/// Clears on the default stream, which no other waits for: the wait is here.
void* allocate_on_device(const Device& device, std::size_t bytes, std::string_view name) {
  device.make_current();
  if (bytes == 0) return nullptr;
  void* memory = nullptr;
  const cudaError_t code = cudaMalloc(&memory, bytes);
  if (code == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw DeviceError(
        cuda::out_of_memory_text(name, bytes, device.free_bytes(), device.total_bytes()));
  }
  cuda::check(code, "cudaMalloc");
  UniqueHandle<DeviceMemoryTraits> owner(memory);
  cuda::check(cudaMemset(memory, 0, bytes), "cudaMemset");
  cuda::wait({"cudaStreamQuery", [] { return cudaStreamQuery(nullptr); }},
             fmt::format("{}, clearing memory for {},", device.text(), name), {});
  return owner.release();
}

void* allocate_pinned(std::size_t bytes, std::string_view name) {
  if (bytes == 0) return nullptr;
  void* memory = nullptr;
  const cudaError_t code = cudaMallocHost(&memory, bytes);
  if (code == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw DeviceError(fmt::format(
        "the host's memory does not suffice for {}: {} bytes asked that the system cannot pin: "
        "lower what is read ahead, or raise the limit of locked memory (ulimit -l)",
        name, bytes));
  }
  cuda::check(code, "cudaMallocHost");
  return memory;
}

void copy_bytes(DeviceStream& stream, const void* from, void* to, std::size_t bytes) {
  if (bytes == 0) return;
  cuda::check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream.handle()),
              "cudaMemcpyAsync", stream.trail());
}

void clear_bytes(DeviceStream& stream, void* memory, std::size_t bytes) {
  if (bytes == 0) return;
  cuda::check(cudaMemsetAsync(memory, 0, bytes, stream.handle()), "cudaMemsetAsync",
              stream.trail());
}

}  // namespace detail
}  // namespace rondo
