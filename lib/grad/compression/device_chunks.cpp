// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "grad/compression/device_chunks.hpp"

#include <algorithm>

namespace rondo::grad {

std::vector<cuda::Chunk> chunks_of(const Runs& runs, std::size_t length) {
  std::vector<cuda::Chunk> chunks;
  runs.visit_all([&](std::size_t at, std::size_t position, std::size_t count) {
    for (std::size_t done = 0; done < count; done += length)
      chunks.push_back({.begin = at + done,
                        .position = static_cast<std::uint32_t>(position + done),
                        .count = static_cast<std::uint32_t>(std::min(length, count - done))});
  });
  return chunks;
}

DeviceChunks::DeviceChunks(const Device& device,
                           std::span<const std::vector<cuda::Chunk>> by_bucket)
    : begins_{0} {
  std::vector<cuda::Chunk> all;
  for (const auto& chunks : by_bucket) {
    all.insert(all.end(), chunks.begin(), chunks.end());
    begins_.push_back(all.size());
    most_ = std::max(most_, chunks.size());
  }
  memory_ = {device, all.size(), "the table of compressed gradients"};
  DeviceStream stream(device, "setup");
  copy<cuda::Chunk>(stream, all, memory_.span());
  stream.wait();
}

DeviceChunks device_chunks(const Device& device, std::span<const Runs> by_bucket) {
  std::vector<std::vector<cuda::Chunk>> chunks;
  for (const Runs& runs : by_bucket)
    chunks.push_back(chunks_of(runs, cuda::chunk_elements));
  return {device, chunks};
}

}  // namespace rondo::grad
