// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "rondo/base/device_parameter.hpp"
#include "rondo/nn/device_network.hpp"

#include "nn/cuda/element_wise.hpp"
#include "nn/cuda/gradient_plan.hpp"
#include "nn/cuda/lane.hpp"
#include "nn/cuda/library_convolution.hpp"
#include "nn/cuda/tensor.hpp"
#include "nn/cuda/weights.hpp"
#include "nn/topology.hpp"

namespace rondo::nn::cuda {

/// What the stages of a pass share. Memory that one of them uses is the next one's afterwards.
struct Pass {
  DeviceStream& stream;
  bool trains;
  std::size_t lanes;                  ///< that the batch is, equally long
  const float* weight_sums;           ///< of the lanes, in the GPU's memory, for backward passes
  double* slice_sums;                 ///< see slice_sums_for()
  DeviceSpan<float> weight_gradient;  ///< as long as the longest weight
};

/// What a stage reads and writes. Forward passes of training leave input, output and workspace as
/// they are until the backward pass.
struct StageTensors {
  Tensor input;
  Tensor shortcut;  ///< what is added, if something is
  Tensor output;
  Tensor output_diff;
  Tensor input_diff;     ///< without data where nobody wants it
  Tensor shortcut_diff;  ///< as well, unless its place is the stage's own
  void* workspace = nullptr;
};

/// A layer, or one with an Add and a ReLU behind it.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual void forward(const Pass& pass, const StageTensors& tensors) = 0;
  /// Adds to the bound gradients and writes that of the input.
  virtual void backward(const Pass& pass, const StageTensors& tensors) = 0;
  /// Does what the stage behind it, the only one that reads its output, would do too, in a pass
  /// that does not train; false, with no result written, if it cannot.
  virtual bool forward_with(const Pass& /*pass*/, const StageTensors& /*tensors*/, Stage& /*next*/,
                            const StageTensors& /*of_next*/) {
    return false;
  }
  /// For a stage in front that does this one's work, if this is a BatchNorm: with what, in a pass
  /// that does not train, once fold() has queued it. `bias`: see fold_statistics().
  virtual std::optional<Normaliser> normaliser(const Pass& /*pass*/,
                                               const StageTensors& /*tensors*/) {
    return std::nullopt;
  }
  virtual void fold(const Pass& /*pass*/, const float* /*bias*/) {}
  /// Before the first pass: see Convolution::choose(). No parameters are bound yet.
  virtual void choose(const Pass& /*pass*/, const StageTensors& /*tensors*/) {}
  virtual std::size_t workspace_bytes_per_sample() const { return 0; }
  /// Where backward() leaves the gradients; where they are the output's it has nothing to do.
  virtual GradientPlace source_gradient() const { return GradientPlace::own; }
  virtual GradientPlace shortcut_gradient() const { return GradientPlace::of_source; }
};

/// What stages are made from; all of it must outlive them.
struct StageContext {
  const Device& device;
  std::shared_ptr<Libraries> libraries;           ///< or null: the kernels are direct ones
  const std::vector<DeviceParameterView>& views;  ///< of all parameters, as soon as they are bound
  const WorkingWeights& weights;
  const LaneMemory& lane;
};

/// What of the layers behind it a stage does too.
struct Tail {
  bool adds = false;  ///< an Add, to which this layer is one of the summands
  Activation activation = Activation::none;
};

/// Whether a stage can be that layer and an Add behind it, or a ReLU.
bool takes_add(const ResolvedLayer& layer);
bool takes_relu(const ResolvedLayer& layer);

/// \throws ConfigError  a window too large for this backend
std::unique_ptr<Stage> make_stage(const StageContext& context, const ResolvedLayer& layer,
                                  const Tail& tail);

}  // namespace rondo::nn::cuda
