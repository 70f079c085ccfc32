// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/stage.hpp"

#include <algorithm>

#include "nn/cpu/operation.hpp"

namespace rondo::nn::cpu {

dnnl::memory DiffBuffers::add(const dnnl::memory::desc& desc) {
  const std::size_t group = diffs_.size();
  diffs_.push_back({dnnl::memory(desc, engine_, DNNL_MEMORY_NONE), group, clock_++});
  return diffs_.back().memory;
}

void DiffBuffers::release(const dnnl::memory& diff) {
  if (!diff) return;
  Diff& found = find(diff);
  found.end = std::min(found.end, clock_);
}

void DiffBuffers::unite(const dnnl::memory& one, const dnnl::memory& other) {
  const auto [first, second] = std::minmax(find(one).group, find(other).group);
  for (Diff& diff : diffs_)
    if (diff.group == second) diff.group = first;
}

void DiffBuffers::allocate() {
  std::vector<std::size_t> buffer_of(diffs_.size());
  for (std::size_t group = 0; group < diffs_.size(); ++group) {
    if (diffs_[group].group != group) continue;
    const std::size_t index = free_buffer(diffs_[group].begin);
    Buffer& buffer = buffers_[index];
    for (const Diff& diff : diffs_) {
      if (diff.group != group) continue;
      buffer.bytes = std::max(buffer.bytes, diff.memory.get_desc().get_size());
      buffer.free_from = std::max(buffer.free_from, diff.end);
    }
    buffer_of[group] = index;
  }
  for (Buffer& buffer : buffers_) {
    const dnnl::memory::desc desc({static_cast<dnnl::memory::dim>(buffer.bytes)},
                                  dnnl::memory::data_type::u8, dnnl::memory::format_tag::a);
    buffer.memory = dnnl::memory(desc, engine_);
  }
  for (Diff& diff : diffs_)
    diff.memory.set_data_handle(buffers_[buffer_of[diff.group]].memory.get_data_handle());
}

DiffBuffers::Diff& DiffBuffers::find(const dnnl::memory& diff) {
  return *std::ranges::find_if(
      diffs_, [&](const Diff& candidate) { return candidate.memory.get() == diff.get(); });
}

std::size_t DiffBuffers::free_buffer(std::size_t at) {
  const auto found =
      std::ranges::find_if(buffers_, [=](const Buffer& buffer) { return buffer.free_from <= at; });
  if (found == buffers_.end()) return buffers_.emplace_back(), buffers_.size() - 1;
  return static_cast<std::size_t>(found - buffers_.begin());
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
