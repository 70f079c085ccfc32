// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/bound_parameter.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;
using dnnl::normalization_flags;
using ForwardDesc = dnnl::batch_normalization_forward::primitive_desc;

normalization_flags flags_of(const PlanContext& context, FusedRelu relu) {
  auto flags = normalization_flags::use_scale | normalization_flags::use_shift;
  if (relu == FusedRelu::yes) flags |= normalization_flags::fuse_norm_relu;
  if (!context.trains()) flags |= normalization_flags::use_global_stats;
  return flags;
}

class BatchNormStage final : public Stage {
 public:
  BatchNormStage(PlanContext& context, const ResolvedLayer& layer, const Edge& input,
                 FusedRelu relu)
      : context_(context),
        views_(context.views.subspan(layer.first_parameter, layer.parameter_count)),
        samples_(context.batch_size * layer.input.height * layer.input.width) {
    const float epsilon = std::get<BatchNorm>(layer.layer).epsilon;
    const auto flags = flags_of(context, relu);
    const auto data = input.value.get_desc();
    const auto kind =
        context.trains() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const ForwardDesc forward({kind, data, epsilon, flags}, context.engine);
    output_ = context.make_edge(layer.output, forward.dst_desc(), true);
    scale_ = wrap(context, views_[0].value);
    shift_ = wrap(context, views_[1].value);
    mean_ = wrap(context, views_[2].value);
    variance_ = wrap(context, views_[3].value);
    if (context.trains()) {
      mean_ = memory(forward.mean_desc(), context.engine);
      variance_ = memory(forward.variance_desc(), context.engine);
      if (relu == FusedRelu::yes) workspace_ = memory(forward.workspace_desc(), context.engine);
    }
    make_forward(forward, input);
    if (!context.trains()) return;
    make_backward(
        {{dnnl::prop_kind::backward, data, data, epsilon, flags}, context.engine, forward}, input);
  }

  void forward() override { forward_.run(context_.stream); }

  void backward(double weight) override {
    backward_.run(context_.stream);
    scale_gradient_.add();
    shift_gradient_.add();
    add_statistics(views_, floats(mean_), floats(variance_), samples_, weight);
  }

  std::vector<StageKernel> kernels() const override {
    return {{"forward", &forward_}, {"backward", &backward_}};
  }

 private:
  static const float* floats(const memory& m) {
    return static_cast<const float*>(m.get_data_handle());
  }

  void make_forward(const ForwardDesc& forward, const Edge& input) {
    std::vector<Operation::Argument> arguments{
        {DNNL_ARG_SRC, input.value},    {DNNL_ARG_DST, output_.value}, {DNNL_ARG_MEAN, mean_},
        {DNNL_ARG_VARIANCE, variance_}, {DNNL_ARG_SCALE, scale_},      {DNNL_ARG_SHIFT, shift_}};
    if (workspace_) arguments.emplace_back(DNNL_ARG_WORKSPACE, workspace_);
    forward_ = Operation(dnnl::batch_normalization_forward(forward), std::move(arguments));
  }

  void make_backward(const dnnl::batch_normalization_backward::primitive_desc& backward,
                     const Edge& input) {
    const auto channels = scale_.get_desc();
    scale_gradient_ = {context_, views_[0].grad, channels, channels};
    shift_gradient_ = {context_, views_[1].grad, channels, channels};
    // oneDNN computes the input's gradient in any case.
    const memory input_diff =
        input.has_diff() ? input.diff : memory(input.value.get_desc(), context_.engine);
    std::vector<Operation::Argument> arguments{{DNNL_ARG_SRC, input.value},
                                               {DNNL_ARG_MEAN, mean_},
                                               {DNNL_ARG_VARIANCE, variance_},
                                               {DNNL_ARG_SCALE, scale_},
                                               {DNNL_ARG_SHIFT, shift_},
                                               {DNNL_ARG_DIFF_DST, output_.diff},
                                               {DNNL_ARG_DIFF_SRC, input_diff},
                                               {DNNL_ARG_DIFF_SCALE, scale_gradient_.memory()},
                                               {DNNL_ARG_DIFF_SHIFT, shift_gradient_.memory()}};
    if (workspace_) arguments.emplace_back(DNNL_ARG_WORKSPACE, workspace_);
    backward_ = Operation(dnnl::batch_normalization_backward(backward), std::move(arguments));
  }

  PlanContext& context_;
  std::span<const ParameterView> views_;  ///< scale, shift, running mean, running variance
  std::size_t samples_;                   ///< values per channel
  memory scale_;
  memory shift_;
  memory mean_;
  memory variance_;
  memory workspace_;  ///< where the fused ReLU was active
  GradientSink scale_gradient_;
  GradientSink shift_gradient_;
  Operation forward_;
  Operation backward_;
};

}  // namespace

StagePointer make_batch_norm(PlanContext& context, const ResolvedLayer& layer, const Edge& input,
                             FusedRelu relu) {
  return std::make_unique<BatchNormStage>(context, layer, input, relu);
}

}  // namespace rondo::nn::cpu
