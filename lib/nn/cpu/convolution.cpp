// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <vector>

#include "nn/cpu/affine_parameters.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;
using Dim = memory::dim;
using ForwardDesc = dnnl::convolution_forward::primitive_desc;
using WeightsDesc = dnnl::convolution_backward_weights::primitive_desc;
using DataDesc = dnnl::convolution_backward_data::primitive_desc;

/// Descriptions of the tensors of one convolution, before oneDNN chose their layouts.
struct Shapes {
  memory::desc input;
  memory::desc weight;
  memory::desc weight_gradient;
  memory::desc plain_weight;
  memory::desc bias;
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
          .bias = {},
          .output = context.any_layout(layer.output),
          .stride = memory::dims(2, static_cast<Dim>(conv.stride)),
          .padding = memory::dims(2, static_cast<Dim>(conv.padding))};
}

ForwardDesc forward_desc(const PlanContext& context, const Shapes& shapes) {
  const auto kind =
      context.trains() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  return {{kind, dnnl::algorithm::convolution_direct, shapes.input, shapes.weight, shapes.bias,
           shapes.output, shapes.stride, shapes.padding, shapes.padding},
          context.engine};
}

WeightsDesc weights_desc(const PlanContext& context, const Shapes& shapes,
                         const memory::desc& input, const memory::desc& output) {
  return {{dnnl::algorithm::convolution_direct, input, shapes.weight_gradient, shapes.bias, output,
           shapes.stride, shapes.padding, shapes.padding},
          context.engine,
          forward_desc(context, shapes)};
}

/// In the layouts that the forward pass has chosen.
DataDesc data_desc(const PlanContext& context, const Shapes& shapes, const ForwardDesc& forward) {
  return {{dnnl::algorithm::convolution_direct, forward.src_desc(), shapes.weight,
           forward.dst_desc(), shapes.stride, shapes.padding, shapes.padding},
          context.engine,
          forward};
}

/// oneDNN's loops of last resort, which take a hundred times as long as its kernels.
bool is_last_resort(const dnnl::primitive_desc_base& desc) {
  return std::string_view(desc.impl_info_str()).starts_with("ref");
}

memory::desc plain(const PlanContext& context, const memory::desc& desc) {
  return {desc.dims(), context.type(), memory::format_tag::nchw};
}

/// For some numbers of channels the forward pass likes layouts that the gradient of its input has
/// no kernel for. With plain ones all passes are matrix products.
void settle_layouts(const PlanContext& context, Shapes& shapes) {
  if (!is_last_resort(data_desc(context, shapes, forward_desc(context, shapes)))) return;
  shapes.input = plain(context, shapes.input);
  shapes.output = plain(context, shapes.output);
}

class Convolution final : public Stage {
 public:
  Convolution(PlanContext& context, const ResolvedLayer& layer, const Edge& input)
      : context_(context),
        shapes_(shapes_of(context, layer)),
        parameters_(context, context.views.subspan(layer.first_parameter, layer.parameter_count),
                    shapes_.plain_weight) {
    shapes_.bias = parameters_.bias_desc();
    if (context.trains() && input.has_diff()) settle_layouts(context, shapes_);
    const ForwardDesc forward = forward_desc(context, shapes_);
    conversion_ = make_conversion(context, input, forward.src_desc());
    if (conversion_) context.diffs.release(input.diff);
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
    for (const Operation& reorder : plain_operands_)
      reorder.run(context_.stream);
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
  /// Where the layouts of the forward pass have no kernel, as for few input channels on CPUs
  /// without AVX-512, plain copies of them have: the layers behind it are slow in plain layouts.
  void make_backward_weights(const ForwardDesc& forward, const Edge& source) {
    WeightsDesc backward = weights_desc(context_, shapes_, forward.src_desc(), forward.dst_desc());
    if (is_last_resort(backward))
      backward = weights_desc(context_, shapes_, plain(context_, shapes_.input),
                              plain(context_, shapes_.output));
    backward_weights_ = parameters_.make_backward_weights(
        dnnl::convolution_backward_weights(backward), backward.diff_weights_desc(),
        operand(source.value, backward.src_desc()),
        operand(output_.diff, backward.diff_dst_desc()));
  }

  /// `original` in the layout `desc`: itself, or a copy that the backward pass renews.
  memory operand(const memory& original, const memory::desc& desc) {
    if (original.get_desc() == desc) return original;
    const memory copy(desc, context_.engine);
    plain_operands_.push_back(make_reorder(original, copy));
    return copy;
  }

  void make_backward_data(const ForwardDesc& forward, const Edge& source) {
    const DataDesc backward = data_desc(context_, shapes_, forward);
    backward_data_ =
        parameters_.make_backward_data(dnnl::convolution_backward_data(backward),
                                       backward.weights_desc(), output_.diff, source.diff);
  }

  PlanContext& context_;
  Shapes shapes_;
  AffineParameters parameters_;
  StagePointer conversion_;  ///< of the input, where the convolution wants another layout
  Operation forward_;
  std::vector<Operation> plain_operands_;  ///< of the next, where they are copies
  Operation backward_weights_;
  Operation backward_data_;
};

}  // namespace

StagePointer make_convolution(PlanContext& context, const ResolvedLayer& layer, const Edge& input) {
  return std::make_unique<Convolution>(context, layer, input);
}

}  // namespace rondo::nn::cpu
