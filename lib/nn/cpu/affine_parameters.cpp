// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/affine_parameters.hpp"

#include <utility>

namespace rondo::nn::cpu {

AffineParameters::AffineParameters(const PlanContext& context, std::span<const ParameterView> views,
                                   const dnnl::memory::desc& plain_weight)
    : context_(context), views_(views), plain_weight_(plain_weight) {
  if (has_bias()) bias_desc_ = wrap(context, views[1].value).get_desc();
}

Operation AffineParameters::make_forward(const dnnl::primitive& primitive,
                                         const dnnl::memory::desc& weight,
                                         const dnnl::memory& input, const dnnl::memory& output) {
  packed_.emplace_back(context_, views_[0], plain_weight_, weight);
  std::vector<Operation::Argument> arguments{
      {DNNL_ARG_SRC, input}, {DNNL_ARG_WEIGHTS, packed_.back().memory()}, {DNNL_ARG_DST, output}};
  if (has_bias()) {
    packed_.emplace_back(context_, views_[1], bias_desc_, bias_desc_);
    arguments.emplace_back(DNNL_ARG_BIAS, packed_.back().memory());
  }
  return {primitive, std::move(arguments)};
}

Operation AffineParameters::make_backward_weights(const dnnl::primitive& primitive,
                                                  const dnnl::memory::desc& weight_gradient,
                                                  const dnnl::memory& input,
                                                  const dnnl::memory& output_diff) {
  gradients_.emplace_back(context_, views_[0].grad, plain_weight_, weight_gradient);
  std::vector<Operation::Argument> arguments{{DNNL_ARG_SRC, input},
                                             {DNNL_ARG_DIFF_DST, output_diff},
                                             {DNNL_ARG_DIFF_WEIGHTS, gradients_.back().memory()}};
  if (has_bias()) {
    gradients_.emplace_back(context_, views_[1].grad, bias_desc_, bias_desc_);
    arguments.emplace_back(DNNL_ARG_DIFF_BIAS, gradients_.back().memory());
  }
  return {primitive, std::move(arguments)};
}

Operation AffineParameters::make_backward_data(const dnnl::primitive& primitive,
                                               const dnnl::memory::desc& weight,
                                               const dnnl::memory& output_diff,
                                               const dnnl::memory& input_diff) {
  packed_.emplace_back(context_, views_[0], plain_weight_, weight);
  return {primitive,
          {{DNNL_ARG_DIFF_DST, output_diff},
           {DNNL_ARG_WEIGHTS, packed_.back().memory()},
           {DNNL_ARG_DIFF_SRC, input_diff}}};
}

void AffineParameters::refresh() {
  for (PackedParameter& parameter : packed_)
    parameter.refresh();
}

void AffineParameters::add_gradients() {
  for (GradientSink& gradient : gradients_)
    gradient.add();
}

}  // namespace rondo::nn::cpu
