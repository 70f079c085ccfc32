// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/affine_parameters.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;
using Dim = memory::dim;
using ForwardDesc = dnnl::convolution_forward::primitive_desc;

/// Descriptions of the tensors of one convolution, before oneDNN chose their layouts.
struct Shapes {
  memory::desc input;
  memory::desc weight;
  memory::desc weight_gradient;
  memory::desc plain_weight;
  memory::desc output;
  memory::dims stride;
  memory::dims padding;
};

Shapes shapes_of(const PlanContext& context, const ResolvedLayer& layer) {
  const auto& conv = std::get<Conv2d>(layer.layer);
  const auto f32 = memory::data_type::f32;
  const auto kernel = static_cast<Dim>(conv.kernel);
  const memory::dims weight{static_cast<Dim>(conv.out_channels),
                            static_cast<Dim>(layer.input.channels), kernel, kernel};
  return {.input = context.any_layout(layer.input),
          .weight = {weight, context.type(), memory::format_tag::any},
          .weight_gradient = {weight, f32, memory::format_tag::any},
          .plain_weight = {weight, f32, memory::format_tag::oihw},
          .output = context.any_layout(layer.output),
          .stride = memory::dims(2, static_cast<Dim>(conv.stride)),
          .padding = memory::dims(2, static_cast<Dim>(conv.padding))};
}

class Convolution final : public Stage {
 public:
  Convolution(PlanContext& context, const ResolvedLayer& layer, const Edge& input)
      : context_(context),
        shapes_(shapes_of(context, layer)),
        parameters_(context, context.views.subspan(layer.first_parameter, layer.parameter_count),
                    shapes_.plain_weight) {
    const auto kind =
        context.trains() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const ForwardDesc forward(
        {kind, dnnl::algorithm::convolution_direct, shapes_.input, shapes_.weight,
         parameters_.bias_desc(), shapes_.output, shapes_.stride, shapes_.padding, shapes_.padding},
        context.engine);
    conversion_ = make_conversion(context, input, forward.src_desc());
    const Edge& source = conversion_ ? conversion_->output() : input;
    output_ = context.make_edge(layer.output, forward.dst_desc(), true);
    forward_ = parameters_.make_forward(dnnl::convolution_forward(forward), forward.weights_desc(),
                                        source.value, output_.value);
    if (context.trains()) make_backward_weights(forward, source);
    if (source.has_diff()) make_backward_data(forward, source);
  }

  void refresh_parameters() override { parameters_.refresh(); }

  void forward() override {
    if (conversion_) conversion_->forward();
    forward_.run(context_.stream);
  }

  void backward(double weight) override {
    backward_weights_.run(context_.stream);
    parameters_.add_gradients();
    if (!backward_data_) return;
    backward_data_.run(context_.stream);
    if (conversion_) conversion_->backward(weight);
  }

  std::vector<StageKernel> kernels() const override {
    return {{"forward", &forward_}, {"weights", &backward_weights_}, {"data", &backward_data_}};
  }

 private:
  void make_backward_weights(const ForwardDesc& forward, const Edge& source) {
    const dnnl::convolution_backward_weights::primitive_desc backward(
        {dnnl::algorithm::convolution_direct, source.value.get_desc(), shapes_.weight_gradient,
         parameters_.bias_desc(), output_.diff.get_desc(), shapes_.stride, shapes_.padding,
         shapes_.padding},
        context_.engine, forward);
    backward_weights_ =
        parameters_.make_backward_weights(dnnl::convolution_backward_weights(backward),
                                          backward.diff_weights_desc(), source.value, output_.diff);
  }

  void make_backward_data(const ForwardDesc& forward, const Edge& source) {
    const dnnl::convolution_backward_data::primitive_desc backward(
        {dnnl::algorithm::convolution_direct, source.diff.get_desc(), shapes_.weight,
         output_.diff.get_desc(), shapes_.stride, shapes_.padding, shapes_.padding},
        context_.engine, forward);
    backward_data_ =
        parameters_.make_backward_data(dnnl::convolution_backward_data(backward),
                                       backward.weights_desc(), output_.diff, source.diff);
  }

  PlanContext& context_;
  Shapes shapes_;
  AffineParameters parameters_;
  StagePointer conversion_;  ///< of the input, where the convolution wants another layout
  Operation forward_;
  Operation backward_weights_;
  Operation backward_data_;
};

}  // namespace

StagePointer make_convolution(PlanContext& context, const ResolvedLayer& layer, const Edge& input) {
  return std::make_unique<Convolution>(context, layer, input);
}

}  // namespace rondo::nn::cpu
