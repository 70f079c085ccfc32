// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/kernels/max_pool.hpp"

#include "nn/cpu/operation.hpp"
#include "nn/cpu/plane_layout.hpp"
#include "nn/cpu/stage.hpp"

namespace rondo::nn::cpu {
namespace {

using dnnl::memory;

/// T is the type of the activations.
template <class T>
class MaxPoolStage final : public Stage {
 public:
  MaxPoolStage(PlanContext& context, const ResolvedLayer& layer, const Edge& input,
               const PlaneLayout& layout)
      : shape_(shape_of(layer, layout)), planes_(layout.planes), input_(input) {
    const memory::desc output(context.dims(layer.output), input.value.get_desc().data_type(),
                              layout.tag);
    output_ = context.make_edge(layer.output, output, input.has_diff());
    const char* name = layout.channels == 1 ? "rondo:plain" : "rondo:vectors";
    forward_ = Operation(name, [this] { pool(); });
    if (!output_.has_diff()) return;
    positions_.resize(planes_ * shape_.outputs());
    backward_ = Operation(name, [this] { pool_backward(); });
  }

  void forward() override { pool(); }
  void backward(double) override {
    if (backward_) pool_backward();
  }

  std::vector<StageKernel> kernels() const override {
    return {{"forward", &forward_}, {"backward", &backward_}};
  }

 private:
  static kernel::MaxPoolShape shape_of(const ResolvedLayer& layer, const PlaneLayout& layout) {
    const auto& pool = std::get<MaxPool>(layer.layer);
    return {.height = layer.input.height,
            .width = layer.input.width,
            .out_height = layer.output.height,
            .out_width = layer.output.width,
            .channels = layout.channels,
            .kernel = pool.kernel,
            .stride = pool.stride,
            .padding = pool.padding};
  }
  static T* elements(const memory& m) { return static_cast<T*>(m.get_data_handle()); }
  std::uint8_t* positions(std::size_t plane) {
    return positions_.empty() ? nullptr : positions_.data() + plane * shape_.outputs();
  }

  void pool() {
    const T* input = elements(input_.value);
    T* output = elements(output_.value);
#pragma omp parallel for
    for (std::size_t i = 0; i < planes_; ++i)
      kernel::max_pool(shape_, input + i * shape_.inputs(), output + i * shape_.outputs(),
                       positions(i));
  }

  void pool_backward() {
    const T* output_diff = elements(output_.diff);
    T* input_diff = elements(input_.diff);
#pragma omp parallel for
    for (std::size_t i = 0; i < planes_; ++i)
      kernel::max_pool_backward(shape_, positions(i), output_diff + i * shape_.outputs(),
                                input_diff + i * shape_.inputs());
  }

  kernel::MaxPoolShape shape_;
  std::size_t planes_;
  Edge input_;
  std::vector<std::uint8_t> positions_;  ///< where each output's value is in its window
  Operation forward_;
  Operation backward_;
};

}  // namespace

StagePointer make_max_pool(PlanContext& context, const ResolvedLayer& layer, const Edge& input) {
  const auto layout = PlaneLayout::of(input.value.get_desc());
  const bool fits = std::get<MaxPool>(layer.layer).kernel <= kernel::most_max_pool_kernel;
  if (!layout || !fits) return make_pool(context, layer, input);
  if (context.type() == memory::data_type::bf16)
    return std::make_unique<MaxPoolStage<bfloat16>>(context, layer, input, *layout);
  return std::make_unique<MaxPoolStage<float>>(context, layer, input, *layout);
}

}  // namespace rondo::nn::cpu
