// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/operation.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

class ReluStage final : public Stage {
 public:
  ReluStage(PlanContext& context, const Edge& input) : context_(context) {
    const auto data = input.value.get_desc();
    output_ = context.make_edge(input.shape, data, input.has_diff());
    // The output tells where the input was positive, so backward needs no input.
    const auto algorithm = dnnl::algorithm::eltwise_relu_use_dst_for_bwd;
    const auto kind =
        context.trains() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const dnnl::eltwise_forward::primitive_desc forward({kind, algorithm, data, 0.0F},
                                                        context.engine);
    forward_ = Operation(dnnl::eltwise_forward(forward),
                         {{DNNL_ARG_SRC, input.value}, {DNNL_ARG_DST, output_.value}});
    if (!input.has_diff()) return;
    const dnnl::eltwise_backward::primitive_desc backward({algorithm, data, data, 0.0F},
                                                          context.engine, forward);
    backward_ = Operation(dnnl::eltwise_backward(backward), {{DNNL_ARG_DST, output_.value},
                                                             {DNNL_ARG_DIFF_DST, output_.diff},
                                                             {DNNL_ARG_DIFF_SRC, input.diff}});
  }

  void forward() override { forward_.run(context_.stream); }
  void backward(double) override {
    if (backward_) backward_.run(context_.stream);
  }

  std::vector<StageKernel> kernels() const override {
    return {{"forward", &forward_}, {"backward", &backward_}};
  }

 private:
  PlanContext& context_;
  Operation forward_;
  Operation backward_;
};

}  // namespace

StagePointer make_relu(PlanContext& context, const Edge& input) {
  return std::make_unique<ReluStage>(context, input);
}

}  // namespace rondo::nn::cpu
