// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cuda/sample_memory.hpp"

namespace rondo::nn::cuda {

std::size_t SampleMemory::add(std::size_t bytes_per_sample) {
  part_bytes_.push_back(bytes_per_sample);
  return part_bytes_.size() - 1;
}

void SampleMemory::reserve(const Device& device, std::size_t samples) {
  if (samples <= samples_) return;
  constexpr std::size_t alignment = 256;
  std::size_t end = 0;
  begins_.clear();
  for (const std::size_t bytes : part_bytes_) {
    begins_.push_back(end);
    end += (samples * bytes + alignment - 1) / alignment * alignment;
  }
  samples_ = 0;
  memory_ = {};  // before the new one comes
  memory_ = DeviceMemory<std::byte>(device, end, "activations and their gradients");
  samples_ = samples;
}

}  // namespace rondo::nn::cuda
