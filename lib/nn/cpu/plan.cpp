// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "nn/cpu/plan.hpp"

#include <utility>

#include "rondo/precision/casts.hpp"

#include "nn/cpu/loss.hpp"
#include "nn/network_base.hpp"

namespace rondo::nn::cpu {
namespace {

PlanContext make_context(std::span<const ParameterView> views, const PlanOptions& options) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return {.mode = options.mode,
          .precision = options.precision,
          .batch_size = options.batch_size,
          .views = views,
          .engine = engine,
          .stream = dnnl::stream(engine),
          .diffs = DiffBuffers(engine),
          .dropout = {}};
}

StagePointer make_stage(PlanContext& context, const ResolvedLayer& layer, const Edge& input,
                        FusedRelu relu) {
  struct Maker {
    PlanContext& context;
    const ResolvedLayer& layer;
    const Edge& input;
    FusedRelu relu;
    StagePointer operator()(const Conv2d&) { return make_convolution(context, layer, input); }
    StagePointer operator()(const Linear&) { return make_linear(context, layer, input); }
    StagePointer operator()(const BatchNorm&) {
      return make_batch_norm(context, layer, input, relu);
    }
    StagePointer operator()(const Relu&) { return make_relu(context, input); }
    StagePointer operator()(const MaxPool&) { return make_max_pool(context, layer, input); }
    StagePointer operator()(const AveragePool&) { return make_pool(context, layer, input); }
    StagePointer operator()(const GlobalAveragePool&) { return make_pool(context, layer, input); }
    StagePointer operator()(const Dropout&) { return make_dropout(context, layer, input); }
    StagePointer operator()(const Add&) { return nullptr; }  // reads two edges: see Plan::build
  };
  return std::visit(Maker{context, layer, input, relu}, layer.layer);
}

template <class T>
bool holds(const ResolvedLayer& layer) {
  return std::holds_alternative<T>(layer.layer);
}

/// True if layer `i` and the next one, a ReLU that alone reads it, are one stage.
bool fuses_relu(const Topology& topology, std::span<const std::size_t> readers, std::size_t i) {
  const auto& layers = topology.layers;
  return (holds<BatchNorm>(layers[i]) || holds<Add>(layers[i])) && i + 1 < layers.size() &&
         holds<Relu>(layers[i + 1]) && layers[i + 1].source == i + 1 && readers[i + 1] == 1;
}

/// Null unless layer `i`, with a ReLU that it fuses, and the MaxPool that alone reads that, become
/// one stage.
StagePointer fuse_pool(PlanContext& context, const Topology& topology,
                       std::span<const std::size_t> readers, std::size_t i, const Edge& input) {
  const auto& layers = topology.layers;
  if (!holds<BatchNorm>(layers[i]) || i + 2 >= layers.size() || !holds<MaxPool>(layers[i + 2]) ||
      layers[i + 2].source != i + 2 || readers[i + 2] != 1)
    return nullptr;
  return make_norm_pool(context, layers[i], layers[i + 2], input);
}

}  // namespace

Plan::Plan(const Topology& topology, std::span<const ParameterView> views,
           const ParameterNeeded& needed, const PlanOptions& options)
    : needed_(needed), context_(make_context(views, options)) {
  const ImageShape& shape = topology.layers.front().input;
  const dnnl::memory::desc plain(context_.dims(shape), dnnl::memory::data_type::f32,
                                 dnnl::memory::format_tag::nchw);
  input_ = {shape, dnnl::memory(plain, context_.engine, DNNL_MEMORY_NONE), {}};
  make_logits(build(topology));
  context_.diffs.allocate();
}

Edge Plan::build(const Topology& topology) {
  const dnnl::memory::desc typed(context_.dims(input_.shape), context_.type(),
                                 dnnl::memory::format_tag::nchw);
  const std::vector<std::size_t> readers = topology.readers();
  StagePointer conversion = make_conversion(context_, input_, typed);
  std::vector<OpenValue> values{{conversion ? conversion->output() : input_, readers[0]}};
  add(std::move(conversion), nullptr);

  const auto& layers = topology.layers;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Edge input = take(values[layers[i].source]);
    const auto relu = fuses_relu(topology, readers, i) ? FusedRelu::yes : FusedRelu::no;
    std::size_t fused = relu == FusedRelu::yes ? 1 : 0;
    StagePointer stage;
    if (fused > 0) stage = fuse_pool(context_, topology, readers, i, input);
    if (stage) {
      fused = 2;
    } else if (holds<Add>(layers[i])) {
      const Edge shortcut = take(values[layers[i].shortcut]);
      stage = make_add(context_, input, shortcut, relu);
      context_.diffs.release(shortcut.diff);
    } else {
      stage = make_stage(context_, layers[i], input, relu);
    }
    context_.diffs.release(input.diff);
    const Edge output = stage ? stage->output() : input;
    add(std::move(stage), &layers[i]);
    values.insert(values.end(), fused, {output, 0});
    i += fused;
    values.push_back({output, readers[i + 1]});
  }
  return values.back().edge;
}

void Plan::add(StagePointer stage, const ResolvedLayer* layer) {
  if (stage) steps_.push_back({std::move(stage), layer});
}

Edge Plan::take(OpenValue& value) {
  if (--value.readers == 0) return value.edge;
  Fork fork = make_fork(context_, value.edge);
  if (fork.stage) context_.diffs.release(value.edge.diff);
  value.edge = fork.second;
  add(std::move(fork.stage), nullptr);
  return fork.first;
}

void Plan::make_logits(const Edge& last) {
  const dnnl::memory::desc plain(context_.dims(last.shape), dnnl::memory::data_type::f32,
                                 dnnl::memory::format_tag::nchw);
  logits_ = AlignedBuffer<float>(context_.batch_size * last.shape.elements());
  read_logits_ = make_reorder(last.value, {plain, context_.engine, logits_.data()});
  if (!last.has_diff()) return;
  logits_diff_ = AlignedBuffer<float>(logits_.size());
  write_logits_diff_ = make_reorder({plain, context_.engine, logits_diff_.data()}, last.diff);
}

BatchSums Plan::train(const Batch& batch, float loss_scale, const GradientReady& ready) {
  forward(batch.images);
  const BatchSums sums =
      softmax_cross_entropy(logits_.span(), batch, loss_scale, logits_diff_.span());
  backward(sums.weight, ready);
  return sums;
}

BatchSums Plan::evaluate(const Batch& batch) {
  forward(batch.images);
  return softmax_cross_entropy(logits_.span(), batch, 1.0F, {});
}

void Plan::forward(std::span<const float> images) {
  // oneDNN's handles are not const, but sources are only read.
  input_.value.set_data_handle(const_cast<float*>(images.data()));
  for (const Step& step : steps_) {
    if (step.layer != nullptr) report_needed(*step.layer, needed_);
    if (stale_) step.stage->refresh_parameters();
    step.stage->forward();
    round(step.stage->output().value);
  }
  stale_ = false;
  read_logits_.run(context_.stream);
}

void Plan::backward(double weight, const GradientReady& ready) {
  if (write_logits_diff_) write_logits_diff_.run(context_.stream);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const Edge& output = step->stage->output();
    if (output.has_diff()) round(output.diff);
    step->stage->backward(weight);
    if (step->layer != nullptr) report_ready(*step->layer, ready);
  }
}

std::vector<LayerKernel> Plan::kernels() const {
  std::vector<LayerKernel> kernels;
  const auto add = [&](const Step& step, const StageKernel& kernel) {
    if (!*kernel.operation) return;  // no gradient of the images
    kernels.push_back({step.layer->name, kernel.work, kernel.operation->implementation(),
                       [this, operation = kernel.operation] { operation->run(context_.stream); }});
  };
  for (const Step& step : steps_) {
    const auto own = step.stage->kernels();
    if (!own.empty()) add(step, own.front());
  }
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const auto own = step->stage->kernels();
    for (std::size_t i = 1; i < own.size(); ++i)
      add(*step, own[i]);
  }
  return kernels;
}

void Plan::round(const dnnl::memory& memory) const {
  if (context_.precision != Precision::f16) return;
  auto* values = static_cast<float*>(memory.get_data_handle());
  precision::round_through<half>({values, memory.get_desc().get_size() / sizeof(float)});
}

}  // namespace rondo::nn::cpu
