// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/operation.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;

struct Window {
  dnnl::algorithm algorithm;
  memory::dims kernel;
  memory::dims stride;
  memory::dims padding = {0, 0};
};

Window window_of(const ResolvedLayer& layer) {
  const auto both = [](std::size_t extent) {
    return memory::dims(2, static_cast<memory::dim>(extent));
  };
  const auto average = dnnl::algorithm::pooling_avg_exclude_padding;
  if (const auto* pool = std::get_if<MaxPool>(&layer.layer))
    return {dnnl::algorithm::pooling_max, both(pool->kernel), both(pool->stride),
            both(pool->padding)};
  if (const auto* pool = std::get_if<AveragePool>(&layer.layer))
    return {average, both(pool->kernel), both(pool->stride)};
  return {
      average,
      {static_cast<memory::dim>(layer.input.height), static_cast<memory::dim>(layer.input.width)},
      both(1)};
}

class PoolStage final : public Stage {
 public:
  PoolStage(PlanContext& context, const ResolvedLayer& layer, const Edge& input)
      : context_(context) {
    const Window w = window_of(layer);
    const auto kind =
        context.trains() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const dnnl::pooling_forward::primitive_desc forward(
        {kind, w.algorithm, input.value.get_desc(), context.any_layout(layer.output), w.stride,
         w.kernel, w.padding, w.padding},
        context.engine);
    output_ = context.make_edge(layer.output, forward.dst_desc(), input.has_diff());
    std::vector<Operation::Argument> arguments{{DNNL_ARG_SRC, input.value},
                                               {DNNL_ARG_DST, output_.value}};
    memory workspace;
    if (forward.workspace_desc().get_size() > 0) {
      workspace = memory(forward.workspace_desc(), context.engine);
      arguments.emplace_back(DNNL_ARG_WORKSPACE, workspace);
    }
    forward_ = Operation(dnnl::pooling_forward(forward), std::move(arguments));
    if (!input.has_diff()) return;

    const dnnl::pooling_backward::primitive_desc backward(
        {w.algorithm, input.diff.get_desc(), output_.diff.get_desc(), w.stride, w.kernel, w.padding,
         w.padding},
        context.engine, forward);
    arguments = {{DNNL_ARG_DIFF_DST, output_.diff}, {DNNL_ARG_DIFF_SRC, input.diff}};
    if (workspace) arguments.emplace_back(DNNL_ARG_WORKSPACE, workspace);
    backward_ = Operation(dnnl::pooling_backward(backward), std::move(arguments));
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

StagePointer make_pool(PlanContext& context, const ResolvedLayer& layer, const Edge& input) {
  return std::make_unique<PoolStage>(context, layer, input);
}

}  // namespace rondo::nn::cpu
