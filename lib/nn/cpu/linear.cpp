// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/affine_parameters.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;
using Dim = memory::dim;
using ForwardDesc = dnnl::inner_product_forward::primitive_desc;

/// Descriptions of the tensors of one layer; the weight has the input's dimensions but the first.
struct Shapes {
  memory::desc weight;
  memory::desc weight_gradient;
  memory::desc plain_weight;
  memory::desc output;  ///< (N, features)
};

Shapes shapes_of(const PlanContext& context, const ResolvedLayer& layer) {
  const auto f32 = memory::data_type::f32;
  const auto features = static_cast<Dim>(layer.output.channels);
  memory::dims weight = context.dims(layer.input);
  weight[0] = features;
  return {.weight = {weight, context.type(), memory::format_tag::any},
          .weight_gradient = {weight, f32, memory::format_tag::any},
          .plain_weight = {weight, f32, memory::format_tag::nchw},
          .output = {{static_cast<Dim>(context.batch_size), features},
                     context.type(),
                     memory::format_tag::nc}};
}

/// Takes the input in the layout it has: the weights follow it.
class LinearStage final : public Stage {
 public:
  LinearStage(PlanContext& context, const ResolvedLayer& layer, const Edge& input)
      : context_(context),
        shapes_(shapes_of(context, layer)),
        parameters_(context, context.views.subspan(layer.first_parameter, layer.parameter_count),
                    shapes_.plain_weight) {
    const auto kind =
        context.trains() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const ForwardDesc forward(
        {kind, input.value.get_desc(), shapes_.weight, parameters_.bias_desc(), shapes_.output},
        context.engine);
    output_ =
        context.make_edge(layer.output, shapes_.output.reshape(context.dims(layer.output)), true);
    const memory flat_output(shapes_.output, context.engine, output_.value.get_data_handle());
    forward_ = parameters_.make_forward(dnnl::inner_product_forward(forward),
                                        forward.weights_desc(), input.value, flat_output);
    flat_diff_ = memory(shapes_.output, context.engine, DNNL_MEMORY_NONE);
    if (context.trains()) make_backward_weights(forward, input);
    if (input.has_diff()) make_backward_data(forward, input);
  }

  void refresh_parameters() override { parameters_.refresh(); }

  void forward() override { forward_.run(context_.stream); }

  void backward(double) override {
    flat_diff_.set_data_handle(output_.diff.get_data_handle());
    backward_weights_.run(context_.stream);
    parameters_.add_gradients();
    if (backward_data_) backward_data_.run(context_.stream);
  }

  std::vector<StageKernel> kernels() const override {
    return {{"forward", &forward_}, {"weights", &backward_weights_}, {"data", &backward_data_}};
  }

 private:
  void make_backward_weights(const ForwardDesc& forward, const Edge& input) {
    const dnnl::inner_product_backward_weights::primitive_desc backward(
        {input.value.get_desc(), shapes_.weight_gradient, parameters_.bias_desc(), shapes_.output},
        context_.engine, forward);
    backward_weights_ =
        parameters_.make_backward_weights(dnnl::inner_product_backward_weights(backward),
                                          backward.diff_weights_desc(), input.value, flat_diff_);
  }

  void make_backward_data(const ForwardDesc& forward, const Edge& input) {
    const dnnl::inner_product_backward_data::primitive_desc backward(
        {input.diff.get_desc(), shapes_.weight, shapes_.output}, context_.engine, forward);
    backward_data_ =
        parameters_.make_backward_data(dnnl::inner_product_backward_data(backward),
                                       backward.weights_desc(), flat_diff_, input.diff);
  }

  PlanContext& context_;
  Shapes shapes_;
  AffineParameters parameters_;
  memory flat_diff_;  ///< the output's gradient as (N, features); gets its address in backward
  Operation forward_;
  Operation backward_weights_;
  Operation backward_data_;
};

}  // namespace

StagePointer make_linear(PlanContext& context, const ResolvedLayer& layer, const Edge& input) {
  return std::make_unique<LinearStage>(context, layer, input);
}

}  // namespace rondo::nn::cpu
