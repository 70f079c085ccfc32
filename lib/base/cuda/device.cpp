// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/base/device.hpp"

#include <fmt/format.h>

#include "rondo/base/error.hpp"

#include "base/cuda/check.hpp"

namespace rondo {
namespace {

struct FreeAndTotal {
  std::size_t free = 0;
  std::size_t total = 0;
};

FreeAndTotal memory_of(const Device& device) {
  device.make_current();
  FreeAndTotal memory;
  cuda::check(cudaMemGetInfo(&memory.free, &memory.total), "cudaMemGetInfo");
  return memory;
}

}  // namespace

bool built_with_cuda() noexcept {
  return true;
}

int device_count() {
  int count = 0;
  cuda::check(cudaGetDeviceCount(&count), "cudaGetDeviceCount");
  return count;
}

Device::Device(int index) : index_(index) {
  const int count = device_count();
  if (index < 0 || index >= count)
    throw ConfigError(fmt::format(
        "GPU {} was asked for, this process may use {}: start as many ranks on a host as it has "
        "GPUs, and see CUDA_VISIBLE_DEVICES",
        index, count));
  make_current();
  cudaDeviceProp properties{};
  cuda::check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  name_ = properties.name;
  pci_address_ = fmt::format("{:04x}:{:02x}:{:02x}", properties.pciDomainID, properties.pciBusID,
                             properties.pciDeviceID);
  compute_capability_ = 10 * properties.major + properties.minor;
  multiprocessors_ = properties.multiProcessorCount;
}

void Device::make_current() const {
  cuda::check(cudaSetDevice(index_), "cudaSetDevice");
}

std::size_t Device::total_bytes() const {
  return memory_of(*this).total;
}

std::size_t Device::free_bytes() const {
  return memory_of(*this).free;
}

}  // namespace rondo
