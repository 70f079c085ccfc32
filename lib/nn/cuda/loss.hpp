// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "rondo/base/device_memory.hpp"

#include "nn/cuda/lane.hpp"
#include "nn/cuda/tensor.hpp"

namespace rondo::nn::cuda {

/// Softmax cross-entropy: its gradient and its sums. One kernel, in f32 but for sums, which are in
/// f64 and an order that depends on the batch's size alone.
class Loss {
 public:
  explicit Loss(const Device& device);

  /// For batches of so many samples and lanes; waits for the GPU if those are more than before.
  void reserve(const Device& device, std::size_t samples, std::size_t lanes);

  /// Adds to the lane's sums as DeviceNetwork::train says. `diff` gets weight * loss_scale *
  /// (softmax - one hot), unless its data is null; it may be the memory of `logits`. 5 b bytes for
  /// each logit with the gradient and 2 b without, b being those of the type, if the cache keeps
  /// nothing. `lane` is in the GPU's memory. The batch is `lanes` equally long ones.
  void measure(DeviceStream& stream, const Tensor& logits, const Lane* lane, std::size_t lanes,
               const Tensor& diff);

  /// The sums of the weights of the last batch's lanes, in the GPU's memory.
  const float* weight_sums() const noexcept { return weight_sums_.span().data(); }

  /// Of one sample.
  struct Sample {
    double loss;
    float weight;
    float correct;
  };

 private:
  DeviceMemory<Sample> samples_;
  DeviceMemory<float> weight_sums_;
  DeviceMemory<std::uint32_t> blocks_done_;
};

}  // namespace rondo::nn::cuda
