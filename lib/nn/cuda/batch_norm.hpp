// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "rondo/base/device_stream.hpp"

#include "nn/cuda/element_wise.hpp"
#include "nn/cuda/tensor.hpp"

/// BatchNorm with or without an Add and a ReLU behind it, of a batch that is one lane or several,
/// equally long, with statistics of their own. Bytes are those that a kernel moves for
/// each element, b being those of the type. Sums are in f64, so that no mean far from 0 costs
/// digits.
namespace rondo::nn::cuda {

/// In a GPU's memory, one number for each channel.
struct NormChannels {
  std::size_t count;
  std::size_t lanes;
  const float* scale;
  const float* shift;
  float* mean;      ///< of each lane; this and the next ones are what a forward pass leaves
  float* variance;  ///< biased
  float* inverse_deviation;  ///< 1 / sqrt(variance + epsilon)
  float* mean_diff;          ///< the means over the pixels, in backward passes, of the gradient
  float* mean_product;       ///< and of its product with the normalised input
  float epsilon;
};

/// The bound gradients, to which a backward pass adds.
struct NormGradients {
  float* scale;
  float* shift;
  float* running_mean;
  float* running_variance;
};

/// The lanes' means, variances and inverse deviations: b bytes.
void measure_statistics(DeviceStream& stream, const Tensor& input, const NormChannels& channels,
                        double* slice_sums);

/// The running mean and variance take the place of those of the only lane.
void take_statistics(DeviceStream& stream, const float* running_mean, const float* running_variance,
                     const NormChannels& channels);

/// Of the running statistics of the only lane, the numbers by which each channel's values are to be
/// multiplied, and what is to be added then: to `scale` and `shift`. Values lack `bias` of the
/// layer in front, or null.
void fold_statistics(DeviceStream& stream, const float* running_mean, const float* running_variance,
                     const float* bias, const NormChannels& channels, float* scale, float* shift);

/// The activation of the normalised input, to which `addend` is added if it has data: 2 b bytes,
/// and b for the addend.
void normalise(DeviceStream& stream, const Tensor& input, const NormChannels& channels,
               const Tensor& addend, Activation activation, const Tensor& output);

/// What a backward pass knows of what is behind the BatchNorm.
struct NormDiff {
  Tensor diff;  ///< the gradient of what normalise() wrote
  Activation activation = Activation::none;
  /// Of a ReLU behind an Add: what normalise() wrote, and where the gradient goes that the ReLU let
  /// pass. Without an Add neither has data: what the ReLU let pass is computed again.
  Tensor output = {};
  Tensor passed = {};
};

/// Adds the gradients of scale and shift, and each lane's weight (in the GPU's memory) times its
/// mean and unbiased variance: 2 b bytes, and 2 b for a ReLU behind an Add.
void add_norm_gradients(DeviceStream& stream, const Tensor& input, const NormDiff& diff,
                        const NormChannels& channels, const float* weights,
                        const NormGradients& gradients, double* slice_sums);

/// Of the input, after add_norm_gradients(): 3 b bytes.
void normalise_backward(DeviceStream& stream, const Tensor& input, const NormDiff& diff,
                        const NormChannels& channels, const Tensor& input_diff);

}  // namespace rondo::nn::cuda
