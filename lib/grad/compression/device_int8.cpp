// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "grad/compression/device_method.hpp"
#include "grad/compression/device_methods.hpp"
#include "grad/compression/int8_slices.hpp"

namespace rondo::grad {
namespace {

std::vector<Int8Slices> slices_of(std::span<const Runs> runs, std::size_t block, int ranks) {
  std::vector<Int8Slices> slices;
  for (const Runs& of_bucket : runs)
    slices.emplace_back(of_bucket, block, ranks);
  return slices;
}

/// A block is a chunk.
DeviceChunks blocks_of(const Device& device, std::span<const Int8Slices> slices) {
  std::vector<std::vector<cuda::Chunk>> blocks;
  for (const Int8Slices& of_bucket : slices)
    blocks.push_back(chunks_of(of_bucket.runs(), of_bucket.block_elements()));
  return {device, blocks};
}

std::size_t most_bytes(std::span<const Int8Slices> slices) {
  return std::ranges::max_element(slices, {}, &Int8Slices::message_bytes)->message_bytes();
}

class DeviceInt8 final : public DeviceMethod {
 public:
  DeviceInt8(const Layout& layout, const DeviceGradients& gradients,
             const std::vector<PlacedParameter>& parameters, std::size_t block)
      : DeviceMethod(layout, gradients, lossy_parameters(parameters)),
        slices_(slices_of(runs(), block, comm().size())),
        blocks_(blocks_of(device(), slices_)),
        own_(comm(), most_bytes(slices_)),
        all_(comm(), own_.bytes() * static_cast<std::size_t>(comm().size())),
        received_(comm(), all_.bytes()) {}

 private:
  void reduce_runs(std::size_t bucket) override;
  std::size_t message_bytes() const noexcept override {
    return all_.bytes() + received_.bytes() + own_.bytes() + blocks_.bytes();
  }
  cuda::Chunks own_blocks(std::size_t bucket) const;

  std::vector<Int8Slices> slices_;  // by bucket
  DeviceChunks blocks_;
  DeviceMessages<std::byte> own_;       // the sum of this rank's slice
  DeviceMessages<std::byte> all_;       // a message for every rank; later one of every rank
  DeviceMessages<std::byte> received_;  // this rank's slice of every rank
};

/// Those of this rank's slice.
cuda::Chunks DeviceInt8::own_blocks(std::size_t bucket) const {
  const cuda::Chunks all = blocks_.of(bucket);
  const std::size_t blocks = slices_[bucket].blocks();
  const std::size_t first = std::min(static_cast<std::size_t>(comm().rank()) * blocks, all.size());
  return all.subspan(first, std::min(blocks, all.size() - first));
}

void DeviceInt8::reduce_runs(std::size_t bucket) {
  const Int8Slices& slices = slices_[bucket];
  if (slices.empty()) return;
  const cuda::Int8Messages messages{.blocks = slices.blocks(),
                                    .block_elements = slices.block_elements(),
                                    .bytes = slices.message_bytes()};
  const auto all = all_.first(slices.all_bytes());
  const auto received = received_.first(slices.all_bytes());
  const auto own = own_.first(slices.message_bytes());
  cuda::encode(stream(), blocks_.of(bucket), messages, gradients(), residual(), all);
  exchange_parts(comm(), stream(), all, received);
  cuda::encode_sum(stream(), own_blocks(bucket), messages, received, gradients(), residual(), own);
  comm::allgather<std::byte>(comm(), stream(), own, all);
  cuda::decode(stream(), blocks_.of(bucket), messages, all, gradients());
}

}  // namespace

std::unique_ptr<DeviceCompressor> make_device_int8(const Layout& layout,
                                                   const DeviceGradients& gradients,
                                                   const std::vector<PlacedParameter>& parameters,
                                                   std::size_t block) {
  return std::make_unique<DeviceInt8>(layout, gradients, parameters, block);
}

}  // namespace rondo::grad
