// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/bound_parameter.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;
using Dim = memory::dim;

/// Descriptions of the tensors of one convolution, before oneDNN chose their layouts.
struct Shapes {
  memory::desc input;
  memory::desc weight;
  memory::desc weight_gradient;
  memory::desc bias;
  memory::desc output;
  memory::dims stride;
  memory::dims padding;
  memory::desc plain_weight;
};

Shapes shapes_of(const PlanContext& context, const ResolvedLayer& layer) {
  const auto& conv = std::get<Conv2d>(layer.layer);
  const auto f32 = memory::data_type::f32;
  const auto channels = static_cast<Dim>(conv.out_channels);
  const auto kernel = static_cast<Dim>(conv.kernel);
  const auto stride = static_cast<Dim>(conv.stride);
  const auto padding = static_cast<Dim>(conv.padding);
  const memory::dims weight{channels, static_cast<Dim>(layer.input.channels), kernel, kernel};
  return {.input = context.any_layout(layer.input),
          .weight = {weight, context.type(), memory::format_tag::any},
          .weight_gradient = {weight, f32, memory::format_tag::any},
          .bias = conv.bias ? memory::desc({channels}, f32, memory::format_tag::a) : memory::desc(),
          .output = context.any_layout(layer.output),
          .stride = {stride, stride},
          .padding = {padding, padding},
          .plain_weight = {weight, f32, memory::format_tag::oihw}};
}

dnnl::convolution_forward::primitive_desc describe_forward(const PlanContext& context,
                                                           const Shapes& s) {
  const auto kind =
      context.trains() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  const dnnl::convolution_forward::desc desc(kind, dnnl::algorithm::convolution_direct, s.input,
                                             s.weight, s.bias, s.output, s.stride, s.padding,
                                             s.padding);
  return {desc, context.engine};
}

class Convolution final : public Stage {
 public:
  Convolution(PlanContext& context, const ResolvedLayer& layer, const Edge& input)
      : context_(context), has_bias_(std::get<Conv2d>(layer.layer).bias) {
    const Shapes shapes = shapes_of(context, layer);
    const auto forward = describe_forward(context, shapes);
    conversion_ = make_conversion(context, input, forward.src_desc());
    const Edge& source = conversion_ ? conversion_->output() : input;
    output_ = context.make_edge(layer.output, forward.dst_desc(), true);
    make_forward(forward, layer, shapes, source);
    if (!context.trains()) return;
    make_backward_weights(forward, layer, shapes, source);
    if (source.has_diff()) make_backward_data(forward, layer, shapes, source);
  }

  void refresh_parameters() override {
    weight_.refresh();
    if (has_bias_) bias_.refresh();
    if (backward_data_) weight_for_backward_.refresh();
  }

  void forward() override {
    if (conversion_) conversion_->forward();
    forward_.run(context_.stream);
  }

  void backward(double weight) override {
    backward_weights_.run(context_.stream);
    weight_gradient_.add();
    if (has_bias_) bias_gradient_.add();
    if (!backward_data_) return;
    backward_data_.run(context_.stream);
    if (conversion_) conversion_->backward(weight);
  }

 private:
  void make_forward(const dnnl::convolution_forward::primitive_desc& forward,
                    const ResolvedLayer& layer, const Shapes& shapes, const Edge& source) {
    const auto* views = &context_.views[layer.first_parameter];
    weight_ = {context_, views[0].value, shapes.plain_weight, forward.weights_desc()};
    std::vector<Operation::Argument> arguments{{DNNL_ARG_SRC, source.value},
                                               {DNNL_ARG_WEIGHTS, weight_.memory()},
                                               {DNNL_ARG_DST, output_.value}};
    if (has_bias_) {
      bias_ = {context_, views[1].value, shapes.bias, shapes.bias};
      arguments.emplace_back(DNNL_ARG_BIAS, bias_.memory());
    }
    forward_ = Operation(dnnl::convolution_forward(forward), std::move(arguments));
  }

  void make_backward_weights(const dnnl::convolution_forward::primitive_desc& forward,
                             const ResolvedLayer& layer, const Shapes& shapes, const Edge& source) {
    const auto* views = &context_.views[layer.first_parameter];
    const dnnl::convolution_backward_weights::desc desc(
        dnnl::algorithm::convolution_direct, source.value.get_desc(), shapes.weight_gradient,
        shapes.bias, output_.diff.get_desc(), shapes.stride, shapes.padding, shapes.padding);
    const dnnl::convolution_backward_weights::primitive_desc backward(desc, context_.engine,
                                                                      forward);
    weight_gradient_ = {context_, views[0].grad, shapes.plain_weight, backward.diff_weights_desc()};
    std::vector<Operation::Argument> arguments{{DNNL_ARG_SRC, source.value},
                                               {DNNL_ARG_DIFF_DST, output_.diff},
                                               {DNNL_ARG_DIFF_WEIGHTS, weight_gradient_.memory()}};
    if (has_bias_) {
      bias_gradient_ = {context_, views[1].grad, shapes.bias, shapes.bias};
      arguments.emplace_back(DNNL_ARG_DIFF_BIAS, bias_gradient_.memory());
    }
    backward_weights_ =
        Operation(dnnl::convolution_backward_weights(backward), std::move(arguments));
  }

  void make_backward_data(const dnnl::convolution_forward::primitive_desc& forward,
                          const ResolvedLayer& layer, const Shapes& shapes, const Edge& source) {
    const dnnl::convolution_backward_data::desc desc(
        dnnl::algorithm::convolution_direct, source.diff.get_desc(), shapes.weight,
        output_.diff.get_desc(), shapes.stride, shapes.padding, shapes.padding);
    const dnnl::convolution_backward_data::primitive_desc backward(desc, context_.engine, forward);
    weight_for_backward_ = {context_, context_.views[layer.first_parameter].value,
                            shapes.plain_weight, backward.weights_desc()};
    backward_data_ = Operation(dnnl::convolution_backward_data(backward),
                               {{DNNL_ARG_DIFF_DST, output_.diff},
                                {DNNL_ARG_WEIGHTS, weight_for_backward_.memory()},
                                {DNNL_ARG_DIFF_SRC, source.diff}});
  }

  PlanContext& context_;
  bool has_bias_;
  StagePointer conversion_;
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

StagePointer make_convolution(PlanContext& context, const ResolvedLayer& layer, const Edge& input) {
  return std::make_unique<Convolution>(context, layer, input);
}

}  // namespace rondo::nn::cpu
