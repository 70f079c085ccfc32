// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "rondo/base/device_memory.hpp"

namespace rondo::nn::cuda {

/// A GPU's memory for what there is of every sample of a batch, in parts: one allocation.
class SampleMemory {
 public:
  /// Returns the number of a new part. All parts come before the first reserve().
  std::size_t add(std::size_t bytes_per_sample);

  /// For so many samples; waits for the GPU if that is more than before, and forgets the contents.
  /// \throws DeviceError  out of memory
  void reserve(const Device& device, std::size_t samples);

  /// At a multiple of 256 bytes.
  void* at(std::size_t part) { return memory_.span().data() + begins_.at(part); }

 private:
  std::vector<std::size_t> part_bytes_;  ///< per sample
  std::vector<std::size_t> begins_;
  DeviceMemory<std::byte> memory_;
  std::size_t samples_ = 0;
};

}  // namespace rondo::nn::cuda
