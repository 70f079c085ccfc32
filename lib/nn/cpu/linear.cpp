// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/bound_parameter.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;
using Dim = memory::dim;
using ForwardDesc = dnnl::inner_product_forward::primitive_desc;

struct Shapes {
  memory::desc weight;
  memory::desc weight_gradient;
  memory::desc bias;
  memory::desc output;
  memory::desc plain_weight;
};

Shapes shapes_of(const PlanContext& context, const ResolvedLayer& layer) {
  const auto& linear = std::get<Linear>(layer.layer);
  const auto f32 = memory::data_type::f32;
  const auto features = static_cast<Dim>(linear.out_features);
  memory::dims weight = context.dims(layer.input);
  weight[0] = features;
  return {
      .weight = {weight, context.type(), memory::format_tag::any},
      .weight_gradient = {weight, f32, memory::format_tag::any},
      .bias = linear.bias ? memory::desc({features}, f32, memory::format_tag::a) : memory::desc(),
      .output = {{static_cast<Dim>(context.batch_size), features},
                 context.type(),
                 memory::format_tag::nc},
      .plain_weight = {weight, f32, memory::format_tag::nchw}};
}

/// Takes the input in the layout it has: the weights follow it.
class LinearStage final : public Stage {
 public:
  LinearStage(PlanContext& context, const ResolvedLayer& layer, const Edge& input)
      : context_(context), has_bias_(std::get<Linear>(layer.layer).bias) {
    const Shapes shapes = shapes_of(context, layer);
    const auto kind =
        context.trains() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const ForwardDesc forward(
        {kind, input.value.get_desc(), shapes.weight, shapes.bias, shapes.output}, context.engine);
    const auto output_desc = shapes.output.reshape(context.dims(layer.output));
    output_ = context.make_edge(layer.output, output_desc, true);
    flat_output_ = memory(shapes.output, context.engine, output_.value.get_data_handle());
    make_forward(forward, layer, shapes, input);
    if (!context.trains()) return;
    flat_diff_ = memory(shapes.output, context.engine, DNNL_MEMORY_NONE);
    make_backward_weights(forward, layer, shapes, input);
    if (input.has_diff()) make_backward_data(forward, layer, shapes, input);
  }

  void refresh_parameters() override {
    weight_.refresh();
    if (has_bias_) bias_.refresh();
    if (backward_data_) weight_for_backward_.refresh();
  }

  void forward() override { forward_.run(context_.stream); }

  void backward(double) override {
    flat_diff_.set_data_handle(output_.diff.get_data_handle());
    backward_weights_.run(context_.stream);
    weight_gradient_.add();
    if (has_bias_) bias_gradient_.add();
    if (backward_data_) backward_data_.run(context_.stream);
  }

 private:
  void make_forward(const ForwardDesc& forward, const ResolvedLayer& layer, const Shapes& shapes,
                    const Edge& input) {
    const auto* views = &context_.views[layer.first_parameter];
    weight_ = {context_, views[0].value, shapes.plain_weight, forward.weights_desc()};
    std::vector<Operation::Argument> arguments{{DNNL_ARG_SRC, input.value},
                                               {DNNL_ARG_WEIGHTS, weight_.memory()},
                                               {DNNL_ARG_DST, flat_output_}};
    if (has_bias_) {
      bias_ = {context_, views[1].value, shapes.bias, shapes.bias};
      arguments.emplace_back(DNNL_ARG_BIAS, bias_.memory());
    }
    forward_ = Operation(dnnl::inner_product_forward(forward), std::move(arguments));
  }

  void make_backward_weights(const ForwardDesc& forward, const ResolvedLayer& layer,
                             const Shapes& shapes, const Edge& input) {
    const auto* views = &context_.views[layer.first_parameter];
    const dnnl::inner_product_backward_weights::primitive_desc backward(
        {input.value.get_desc(), shapes.weight_gradient, shapes.bias, shapes.output},
        context_.engine, forward);
    weight_gradient_ = {context_, views[0].grad, shapes.plain_weight, backward.diff_weights_desc()};
    std::vector<Operation::Argument> arguments{{DNNL_ARG_SRC, input.value},
                                               {DNNL_ARG_DIFF_DST, flat_diff_},
                                               {DNNL_ARG_DIFF_WEIGHTS, weight_gradient_.memory()}};
    if (has_bias_) {
      bias_gradient_ = {context_, views[1].grad, shapes.bias, shapes.bias};
      arguments.emplace_back(DNNL_ARG_DIFF_BIAS, bias_gradient_.memory());
    }
    backward_weights_ =
        Operation(dnnl::inner_product_backward_weights(backward), std::move(arguments));
  }

  void make_backward_data(const ForwardDesc& forward, const ResolvedLayer& layer,
                          const Shapes& shapes, const Edge& input) {
    const dnnl::inner_product_backward_data::primitive_desc backward(
        {input.diff.get_desc(), shapes.weight, shapes.output}, context_.engine, forward);
    weight_for_backward_ = {context_, context_.views[layer.first_parameter].value,
                            shapes.plain_weight, backward.weights_desc()};
    backward_data_ = Operation(dnnl::inner_product_backward_data(backward),
                               {{DNNL_ARG_DIFF_DST, flat_diff_},
                                {DNNL_ARG_WEIGHTS, weight_for_backward_.memory()},
                                {DNNL_ARG_DIFF_SRC, input.diff}});
  }

  PlanContext& context_;
  bool has_bias_;
  memory flat_output_;  ///< the output as (N, features)
  memory flat_diff_;
  PackedParameter weight_;
  PackedParameter weight_for_backward_;
  PackedParameter bias_;
  GradientSink weight_gradient_;
  GradientSink bias_gradient_;
  Operation forward_;
  Operation backward_weights_;
  Operation backward_data_;
};

}  // namespace

StagePointer make_linear(PlanContext& context, const ResolvedLayer& layer, const Edge& input) {
  return std::make_unique<LinearStage>(context, layer, input);
}

}  // namespace rondo::nn::cpu
