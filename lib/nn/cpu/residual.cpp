// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0

// Where a residual begins and ends.
#include <utility>

#include "nn/cpu/operation.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;

constexpr auto relu_algorithm = dnnl::algorithm::eltwise_relu_use_dst_for_bwd;

Operation make_sum(const PlanContext& context, const memory& one, const memory& other,
                   const memory& sum, FusedRelu relu = FusedRelu::no) {
  dnnl::primitive_attr attributes;
  if (relu == FusedRelu::yes) {
    dnnl::post_ops after;
    after.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
    attributes.set_post_ops(after);
  }
  const memory::desc layout = one_layout({one, other, sum});
  const dnnl::binary::primitive_desc desc({dnnl::algorithm::binary_add, layout, layout, layout},
                                          attributes, context.engine);
  return {dnnl::binary(desc),
          {{DNNL_ARG_SRC_0, one}, {DNNL_ARG_SRC_1, other}, {DNNL_ARG_DST, sum}}};
}

/// What comes from `output` through a ReLU to `input`.
Operation make_relu_backward(const PlanContext& context, const Edge& output, const memory& input) {
  const auto data = output.value.get_desc();
  const dnnl::eltwise_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, relu_algorithm, data, 0.0F}, context.engine);
  const dnnl::eltwise_backward::primitive_desc backward({relu_algorithm, data, data, 0.0F},
                                                        context.engine, forward);
  return {
      dnnl::eltwise_backward(backward),
      {{DNNL_ARG_DST, output.value}, {DNNL_ARG_DIFF_DST, output.diff}, {DNNL_ARG_DIFF_SRC, input}}};
}

/// The gradients of both summands are the sum's: the same memory.
class AddStage final : public Stage {
 public:
  AddStage(PlanContext& context, const Edge& branch, const Edge& shortcut, FusedRelu relu)
      : context_(context) {
    conversion_ = make_conversion(context, shortcut, branch.value.get_desc());
    const Edge& other = conversion_ ? conversion_->output() : shortcut;
    if (conversion_) context.diffs.release(shortcut.diff);
    const memory diff = branch.has_diff() ? branch.diff : other.diff;
    if (branch.has_diff() && other.has_diff()) context.diffs.unite(diff, other.diff);

    output_ = context.make_edge(branch.shape, branch.value.get_desc(), static_cast<bool>(diff));
    forward_ = make_sum(context, branch.value, other.value, output_.value, relu);
    if (!output_.has_diff()) return;
    if (relu == FusedRelu::yes)
      backward_ = make_relu_backward(context, output_, diff);
    else
      context.diffs.unite(diff, output_.diff);
  }

  void forward() override {
    if (conversion_) conversion_->forward();
    forward_.run(context_.stream);
  }

  void backward(double weight) override {
    if (backward_) backward_.run(context_.stream);
    if (conversion_) conversion_->backward(weight);
  }

  std::vector<StageKernel> kernels() const override {
    return {{"forward", &forward_}, {"backward", &backward_}};
  }

 private:
  PlanContext& context_;
  StagePointer conversion_;  ///< of the shortcut, where it has another layout
  Operation forward_;
  Operation backward_;
};

class ForkStage final : public Stage {
 public:
  ForkStage(PlanContext& context, const Edge& input, const Edge& first, const Edge& second)
      : context_(context), backward_(make_sum(context, first.diff, second.diff, input.diff)) {
    output_ = first;
  }

  void forward() override {}
  void backward(double) override { backward_.run(context_.stream); }

 private:
  PlanContext& context_;
  Operation backward_;
};

}  // namespace

StagePointer make_add(PlanContext& context, const Edge& branch, const Edge& shortcut,
                      FusedRelu relu) {
  return std::make_unique<AddStage>(context, branch, shortcut, relu);
}

Fork make_fork(PlanContext& context, const Edge& input) {
  if (!input.has_diff()) return {nullptr, input, input};
  const auto desc = input.value.get_desc();
  Edge first{input.shape, input.value, context.diffs.add(desc)};
  Edge second{input.shape, input.value, context.diffs.add(desc)};
  return {std::make_unique<ForkStage>(context, input, first, second), first, second};
}

}  // namespace rondo::nn::cpu
