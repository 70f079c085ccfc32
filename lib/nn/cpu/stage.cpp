// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/stage.hpp"

#include <algorithm>

#include "nn/cpu/operation.hpp"

namespace rondo::nn::cpu {

dnnl::memory DiffBuffers::add(const dnnl::memory::desc& desc) {
  return memories_.emplace_back(dnnl::memory(desc, engine_, DNNL_MEMORY_NONE));
}

void DiffBuffers::allocate() {
  std::size_t bytes[2] = {0, 0};
  for (std::size_t i = 0; i < memories_.size(); ++i)
    bytes[i % 2] = std::max(bytes[i % 2], memories_[i].get_desc().get_size());
  for (std::size_t parity = 0; parity < 2; ++parity) {
    const dnnl::memory::desc desc({static_cast<dnnl::memory::dim>(bytes[parity])},
                                  dnnl::memory::data_type::u8, dnnl::memory::format_tag::a);
    buffers_[parity] = dnnl::memory(desc, engine_);
  }
  for (std::size_t i = 0; i < memories_.size(); ++i)
    memories_[i].set_data_handle(buffers_[i % 2].get_data_handle());
}

dnnl::memory::dims PlanContext::dims(const ImageShape& shape) const {
  using Dim = dnnl::memory::dim;
  return {static_cast<Dim>(batch_size), static_cast<Dim>(shape.channels),
          static_cast<Dim>(shape.height), static_cast<Dim>(shape.width)};
}

dnnl::memory::desc PlanContext::any_layout(const ImageShape& shape) const {
  return {dims(shape), type(), dnnl::memory::format_tag::any};
}

Edge PlanContext::make_edge(const ImageShape& shape, const dnnl::memory::desc& desc,
                            bool wants_diff) {
  Edge edge{shape, dnnl::memory(desc, engine), {}};
  if (wants_diff && trains()) edge.diff = diffs.add(desc);
  return edge;
}

namespace {

class Conversion final : public Stage {
 public:
  Conversion(PlanContext& context, const Edge& input, const dnnl::memory::desc& desc)
      : stream_(context.stream) {
    output_ = context.make_edge(input.shape, desc, input.has_diff());
    forward_ = make_reorder(input.value, output_.value);
    if (input.has_diff()) backward_ = make_reorder(output_.diff, input.diff);
  }

  void forward() override { forward_.run(stream_); }
  void backward(double) override {
    if (backward_) backward_.run(stream_);
  }

 private:
  dnnl::stream stream_;
  Operation forward_;
  Operation backward_;
};

}  // namespace

StagePointer make_conversion(PlanContext& context, const Edge& input,
                             const dnnl::memory::desc& desc) {
  if (input.value.get_desc() == desc) return nullptr;
  return std::make_unique<Conversion>(context, input, desc);
}

}  // namespace rondo::nn::cpu
