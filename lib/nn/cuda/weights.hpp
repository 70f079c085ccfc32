// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/base/device_parameter.hpp"

#include "nn/cuda/convolution.hpp"
#include "nn/topology.hpp"

namespace rondo::nn::cuda {

/// A matrix of weights in both layouts; see ConvolutionShape. A bias is a row of channels.
struct WeightSource {
  const float* value;    ///< (K, C, R, S)
  const bfloat16* copy;  ///< of the same layout, read in place of the values for bf16; or null
  void* working;         ///< (K, R, S, C), in the type that layers compute in
  std::size_t channels;
  std::size_t kernel_elements;
};

/// A part of one of them: what a block of threads goes through.
struct WeightPiece {
  static constexpr std::size_t most_elements = 1024;
  std::uint32_t source;
  std::uint32_t count;
  std::size_t begin;
};

/// The weights of all layers, and the biases of linear ones, in the layout and type that layers
/// compute in, each at a multiple of 256 bytes.
class WorkingWeights {
 public:
  WorkingWeights(const Device& device, const Topology& topology, Precision precision);

  /// Waits for the GPU. `views` are those of all parameters.
  void bind(const Device& device, std::span<const DeviceParameterView> views);
  /// Queues one kernel: 4 bytes and those of the type for each weight, 4 from a bf16 copy.
  void refresh(DeviceStream& stream);

  Precision precision() const noexcept { return precision_; }
  /// Of the layer with this index.
  const void* of(std::size_t layer) const { return weights_.at(layer); }
  const void* bias_of(std::size_t layer) const { return biases_.at(layer); }

 private:
  Precision precision_;
  DeviceMemory<std::byte> memory_;
  std::vector<void*> weights_;           ///< by layer; null where there are none
  std::vector<void*> biases_;            ///< the same
  std::vector<WeightSource> sources_;    ///< for the parameters that have working copies
  std::vector<std::size_t> parameters_;  ///< which they are
  DeviceMemory<WeightSource> table_;
  DeviceMemory<WeightPiece> pieces_;
};

/// Adds a (K, R, S, C) gradient to one of (K, C, R, S): 12 bytes for each weight.
void add_weight_gradient(DeviceStream& stream, const ConvolutionShape& shape,
                         DeviceSpan<const float> gradient, DeviceSpan<float> sum);

/// The same for what has one layout: 12 bytes for each number.
void add_gradient(DeviceStream& stream, DeviceSpan<const float> gradient, DeviceSpan<float> sum);

}  // namespace rondo::nn::cuda
