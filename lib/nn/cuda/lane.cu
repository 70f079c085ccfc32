// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/cuda/launch.cuh"
#include "nn/cuda/lane.hpp"

namespace rondo::nn::cuda {
namespace {

using rondo::cuda::block_threads;

struct Masks {
  const DropoutLayer* layers;
  std::size_t count;
  DropoutKey key;
  bool trains;
  DropoutMask* masks;
};

__global__ void __launch_bounds__(block_threads)
    store_lane(const Lane lane, const Masks all, Lane* stored) {
  if (threadIdx.x == 0) *stored = lane;
  for (std::size_t i = threadIdx.x; i < all.count; i += block_threads)
    all.masks[i] =
        DropoutMask(all.key, all.layers[i].layer, all.trains ? all.layers[i].probability : 0.0F);
}

std::vector<DropoutLayer> dropouts_of(const Topology& topology) {
  std::vector<DropoutLayer> layers;
  for (const ResolvedLayer& layer : topology.layers)
    if (const auto* const dropout = std::get_if<Dropout>(&layer.layer))
      layers.push_back({layer.index, dropout->probability});
  return layers;
}

}  // namespace

LaneMemory::LaneMemory(const Device& device, const Topology& topology)
    : lane_(device, 1, "the lane at hand"),
      layers_(dropouts_of(topology)),
      table_(device, layers_.size(), "the table of Dropouts"),
      masks_(device, layers_.size(), "Dropouts' masks") {
  DeviceStream stream(device, "setup");
  copy<DropoutLayer>(stream, std::span<const DropoutLayer>(layers_), table_.span());
  stream.wait();
}

void LaneMemory::store(DeviceStream& stream, const Lane& lane, const DropoutKey& key, bool trains) {
  rondo::cuda::launch<&store_lane>(stream, "nn::store_lane", 1, lane,
                                   Masks{.layers = table_.span().data(),
                                         .count = layers_.size(),
                                         .key = key,
                                         .trains = trains,
                                         .masks = masks_.span().data()},
                                   lane_.span().data());
}

const DropoutMask* LaneMemory::mask_of(std::size_t layer) const {
  const auto found = std::ranges::find(layers_, layer, &DropoutLayer::layer);
  return masks_.span().data() + (found - layers_.begin());
}

}  // namespace rondo::nn::cuda
