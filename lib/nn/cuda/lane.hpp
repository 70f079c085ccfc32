// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rondo/base/device_memory.hpp"

#include "nn/dropout_mask.hpp"
#include "nn/topology.hpp"

namespace rondo::nn::cuda {

/// What differs from lane to lane, or from some lanes that are one batch to the next. Kernels read
/// it in the GPU's memory, and not in their arguments, so that one lane's captured work is the next
/// one's too.
struct Lane {
  const float* images = nullptr;
  const std::int32_t* labels = nullptr;
  const float* weights = nullptr;  ///< or null: all 1
  float* sums = nullptr;
  float loss_scale = 1;
};

/// A Dropout's index, and its probability in training.
struct DropoutLayer {
  std::size_t layer;
  float probability;
};

/// The lane at hand, or `most_lanes` at the most, and their masks of Dropout.
class LaneMemory {
 public:
  LaneMemory(const Device& device, const Topology& topology, std::size_t most_lanes);

  /// Queues one kernel. `key` is the first one's of the lanes. In passes that do not train the
  /// masks keep all.
  void store(DeviceStream& stream, const Lane& lane, const DropoutKey& key, std::size_t lanes,
             bool trains);

  const Lane* lane() const noexcept { return lane_.span().data(); }
  std::size_t most_lanes() const noexcept { return most_lanes_; }
  /// Of the layer with this index, lane by lane.
  const DropoutMask* masks_of(std::size_t layer) const;

 private:
  std::size_t most_lanes_;
  DeviceMemory<Lane> lane_;
  std::vector<DropoutLayer> layers_;
  DeviceMemory<DropoutLayer> table_;
  DeviceMemory<DropoutMask> masks_;
};

}  // namespace rondo::nn::cuda
