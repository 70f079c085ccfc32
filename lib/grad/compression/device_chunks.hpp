// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/device_memory.hpp"

#include "grad/compression/cuda/kernels.hpp"
#include "grad/compression/runs.hpp"

namespace rondo::grad {

/// Runs cut into chunks of at most `length` elements.
std::vector<cuda::Chunk> chunks_of(const Runs& runs, std::size_t length);

/// The chunks of every bucket in a GPU's memory.
class DeviceChunks {
 public:
  /// \throws DeviceError  out of memory
  DeviceChunks(const Device& device, std::span<const std::vector<cuda::Chunk>> by_bucket);

  cuda::Chunks of(std::size_t bucket) const {
    return memory_.span().subspan(begins_[bucket], begins_[bucket + 1] - begins_[bucket]);
  }
  std::size_t most() const noexcept { return most_; }  ///< of a bucket
  std::size_t bytes() const noexcept { return memory_.size() * sizeof(cuda::Chunk); }

 private:
  std::vector<std::size_t> begins_;  // by bucket, and the end
  std::size_t most_ = 0;
  DeviceMemory<cuda::Chunk> memory_;
};

/// The same of runs, by bucket, in chunks as most kernels take them.
DeviceChunks device_chunks(const Device& device, std::span<const Runs> by_bucket);

}  // namespace rondo::grad
