// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "nn/cpu/bound_parameter.hpp"
#include "nn/cpu/operation.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {

/// Weight and, if bound, bias of a convolution or linear layer, in the forms that its primitives
/// want, and the primitives' operations on them.
class AffineParameters {
 public:
  /// `views` are those of the layer: weight, or weight and bias.
  AffineParameters(const PlanContext& context, std::span<const ParameterView> views,
                   const dnnl::memory::desc& plain_weight);

  /// The bias as primitives expect it; the empty description if there is none.
  const dnnl::memory::desc& bias_desc() const { return bias_desc_; }

  /// Each takes the layout of the weight or its gradient that the primitive chose.
  Operation make_forward(const dnnl::primitive& primitive, const dnnl::memory::desc& weight,
                         const dnnl::memory& input, const dnnl::memory& output);
  Operation make_backward_weights(const dnnl::primitive& primitive,
                                  const dnnl::memory::desc& weight_gradient,
                                  const dnnl::memory& input, const dnnl::memory& output_diff);
  Operation make_backward_data(const dnnl::primitive& primitive, const dnnl::memory::desc& weight,
                               const dnnl::memory& output_diff, const dnnl::memory& input_diff);

  /// Renews all copies of the parameters.
  void refresh();
  /// Adds what backward-weights wrote to the bound gradients.
  void add_gradients();

 private:
  bool has_bias() const { return views_.size() > 1; }

  const PlanContext& context_;
  std::span<const ParameterView> views_;
  dnnl::memory::desc plain_weight_;
  dnnl::memory::desc bias_desc_;
  std::vector<PackedParameter> packed_;
  std::vector<GradientSink> gradients_;
};

}  // namespace rondo::nn::cpu
