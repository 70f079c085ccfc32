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

/// What differs from lane to lane. Kernels read it in the GPU's memory, and not in their arguments,
/// so that one lane's captured work is the next one's too.
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

/// The lane at hand, and its masks of Dropout.
class LaneMemory {
 public:
  LaneMemory(const Device& device, const Topology& topology);

  /// Queues one kernel. In passes that do not train the masks keep all.
  void store(DeviceStream& stream, const Lane& lane, const DropoutKey& key, bool trains);

  const Lane* lane() const noexcept { return lane_.span().data(); }
  /// Of the layer with this index.
  const DropoutMask* mask_of(std::size_t layer) const;

 private:
  DeviceMemory<Lane> lane_;
  std::vector<DropoutLayer> layers_;
  DeviceMemory<DropoutLayer> table_;
  DeviceMemory<DropoutMask> masks_;
};

}  // namespace rondo::nn::cuda
