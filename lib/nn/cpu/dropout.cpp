// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/operation.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;

/// The same layout for elements of f32.
memory::desc as_float(const memory::desc& data) {
  memory::desc desc = data;
  desc.data.data_type = dnnl_f32;
  return desc;
}

class DropoutStage final : public Stage {
 public:
  DropoutStage(PlanContext& context, const ResolvedLayer& layer, const Edge& input)
      : context_(context),
        probability_(std::get<Dropout>(layer.layer).probability),
        layer_index_(layer.index) {
    const memory::desc data = input.value.get_desc();
    drawn_ = memory({context.dims(layer.input), memory::data_type::f32, memory::format_tag::nchw},
                    context.engine);
    memory mask = drawn_;
    if (drawn_.get_desc() != as_float(data)) {
      mask = memory(as_float(data), context.engine);
      lay_out_ = make_reorder(drawn_, mask);
    }
    output_ = context.make_edge(layer.output, data, input.has_diff());
    forward_ = make_product(input.value, mask, output_.value);
    if (input.has_diff()) backward_ = make_product(output_.diff, mask, input.diff);
  }

  void forward() override {
    draw_dropout_mask(context_.dropout, layer_index_, probability_,
                      {static_cast<float*>(drawn_.get_data_handle()),
                       drawn_.get_desc().get_size() / sizeof(float)});
    if (lay_out_) lay_out_.run(context_.stream);
    forward_.run(context_.stream);
  }

  void backward(double) override {
    if (backward_) backward_.run(context_.stream);
  }

  std::vector<StageKernel> kernels() const override {
    return {{"forward", &forward_}, {"backward", &backward_}};
  }

 private:
  Operation make_product(const memory& data, const memory& mask, const memory& product) const {
    const memory::desc layout = one_layout({data, product});
    const dnnl::binary::primitive_desc desc(
        {dnnl::algorithm::binary_mul, layout, as_float(layout), layout}, context_.engine);
    return {dnnl::binary(desc),
            {{DNNL_ARG_SRC_0, data}, {DNNL_ARG_SRC_1, mask}, {DNNL_ARG_DST, product}}};
  }

  PlanContext& context_;
  float probability_;
  std::size_t layer_index_;
  memory drawn_;       ///< the mask, (N, C, H, W)
  Operation lay_out_;  ///< the mask in the layout of the data; empty where that is the same
  Operation forward_;
  Operation backward_;
};

}  // namespace

StagePointer make_dropout(PlanContext& context, const ResolvedLayer& layer, const Edge& input) {
  if (!context.trains()) return nullptr;
  return std::make_unique<DropoutStage>(context, layer, input);
}

}  // namespace rondo::nn::cpu
