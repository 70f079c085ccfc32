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
  DropoutKey key;  ///< of the first lane
  std::size_t lanes;
  std::size_t stride;  ///< from a layer's masks to the next one's
  bool trains;
  DropoutMask* masks;
};

__global__ void __launch_bounds__(block_threads)
    store_lane(const Lane lane, const Masks all, Lane* stored) {
  if (threadIdx.x == 0) *stored = lane;
  for (std::size_t i = threadIdx.x; i < all.count * all.lanes; i += block_threads) {
    const DropoutLayer& layer = all.layers[i / all.lanes];
    DropoutKey key = all.key;
    key.lane += i % all.lanes;
    all.masks[i / all.lanes * all.stride + i % all.lanes] =
        DropoutMask(key, layer.layer, all.trains ? layer.probability : 0.0F);
  }
}

std::vector<DropoutLayer> dropouts_of(const Topology& topology) {
  std::vector<DropoutLayer> layers;
  for (const ResolvedLayer& layer : topology.layers)
    if (const auto* const dropout = std::get_if<Dropout>(&layer.layer))
      layers.push_back({layer.index, dropout->probability});
  return layers;
}

}  // namespace

LaneMemory::LaneMemory(const Device& device, const Topology& topology, std::size_t most_lanes)
    : most_lanes_(most_lanes),
      lane_(device, 1, "the lane at hand"),
      layers_(dropouts_of(topology)),
      table_(device, layers_.size(), "the table of Dropouts"),
      masks_(device, layers_.size() * most_lanes, "Dropouts' masks") {
  DeviceStream stream(device, "setup");
  copy<DropoutLayer>(stream, std::span<const DropoutLayer>(layers_), table_.span());
  stream.wait();
}

void LaneMemory::store(DeviceStream& stream, const Lane& lane, const DropoutKey& key,
                       std::size_t lanes, bool trains) {
  rondo::cuda::launch<&store_lane>(stream, "nn::store_lane", 1, lane,
                                   Masks{.layers = table_.span().data(),
                                         .count = layers_.size(),
                                         .key = key,
                                         .lanes = lanes,
                                         .stride = most_lanes_,
                                         .trains = trains,
                                         .masks = masks_.span().data()},
                                   lane_.span().data());
}

const DropoutMask* LaneMemory::masks_of(std::size_t layer) const {
  const auto found = std::ranges::find(layers_, layer, &DropoutLayer::layer);
  const auto index = static_cast<std::size_t>(found - layers_.begin());
  return masks_.span().data() + index * most_lanes_;
}

}  // namespace rondo::nn::cuda
