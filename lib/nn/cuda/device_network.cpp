// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "rondo/nn/device_network.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "rondo/base/device_memory.hpp"
#include "rondo/base/error.hpp"

#include "nn/cuda/channel_sums.hpp"
#include "nn/cuda/gradient_plan.hpp"
#include "nn/cuda/lane.hpp"
#include "nn/cuda/libraries.hpp"
#include "nn/cuda/loss.hpp"
#include "nn/cuda/pass_graphs.hpp"
#include "nn/cuda/sample_memory.hpp"
#include "nn/cuda/stage.hpp"
#include "nn/network_base.hpp"

namespace rondo::nn {
namespace cuda {
namespace {

std::size_t longest_weight(const Topology& topology) {
  std::size_t most = 0;
  for (const ResolvedLayer& layer : topology.layers)
    if (has_weights(layer)) most = std::max(most, convolution_shape(layer).weights());
  return most;
}

std::size_t most_channels(const Topology& topology) {
  std::size_t most = 0;
  for (const ResolvedLayer& layer : topology.layers)
    most = std::max({most, layer.input.channels, layer.output.channels});
  return most;
}

/// The shapes of all values, as the topology numbers them.
std::vector<ImageShape> shapes_of(const Topology& topology) {
  std::vector<ImageShape> shapes{topology.layers.front().input};
  for (const ResolvedLayer& layer : topology.layers)
    shapes.push_back(layer.output);
  return shapes;
}

/// Whose gradient is wanted: that of the images and of what follows from them without parameters
/// is not.
std::vector<bool> wanted_gradients(const Topology& topology) {
  std::vector<bool> wanted{false};
  for (const ResolvedLayer& layer : topology.layers)
    wanted.push_back(layer.parameter_count > 0 || wanted[layer.source] ||
                     (std::holds_alternative<Add>(layer.layer) && wanted[layer.shortcut]));
  return wanted;
}

/// The next layer, if it is a T that reads layer `i`, which nobody else reads.
template <class T>
const ResolvedLayer* only_reader(const Topology& topology, std::size_t i) {
  if (i + 1 == topology.layers.size() || topology.readers()[i + 1] != 1) return nullptr;
  const ResolvedLayer& next = topology.layers[i + 1];
  if (!std::holds_alternative<T>(next.layer)) return nullptr;
  const bool adds = std::is_same_v<T, Add> && next.shortcut == i + 1;
  return adds || next.source == i + 1 ? &next : nullptr;
}

/// What else an Add reads than that value.
std::size_t other_summand(const ResolvedLayer& add, std::size_t value) {
  return add.source == value ? add.shortcut : add.source;
}

/// Whether one of the parameters is the layer's.
bool has_any(const ResolvedLayer& layer, std::span<const std::size_t> parameters) {
  return std::ranges::any_of(parameters, [&](std::size_t parameter) {
    return parameter - layer.first_parameter < layer.parameter_count;  // below 0: too large as well
  });
}

std::shared_ptr<Libraries> make_libraries_for(const Device& device,
                                              const DeviceNetworkOptions& options) {
  if (options.kernels == DeviceKernels::direct) return nullptr;
  return make_libraries(device, options.precision.compute, options.plans);
}

class CudaNetwork final : public DeviceNetwork {
 public:
  CudaNetwork(const Device& device, const NetworkSpec& spec, const DeviceNetworkOptions& options)
      : device_(device),
        spec_(spec),
        precision_(options.precision.compute),
        seed_(options.seed),
        topology_(resolve(spec_)),
        weights_(device_, topology_, precision_),
        lane_(device_, topology_, options.lanes),
        context_{device_, make_libraries_for(device_, options), views_, weights_, lane_},
        loss_(device_),
        slice_sums_(device_, slice_sums_for(most_channels(topology_), options.lanes),
                    "sums over pixels"),
        weight_gradient_(device_, longest_weight(topology_), "the gradient of a weight"),
        graphs_(options.graphs, options.micro_batch * options.lanes) {
    make_stages();
    report_at(options.graphs == DeviceGraphs::off ? all_parameters() : std::vector<std::size_t>());
    place_values();
    place_gradients();
    reserve(options.micro_batch * options.lanes);
    if (options.plans == PlanChoice::measured) choose_plans(options.micro_batch * options.lanes);
  }

  const NetworkSpec& spec() const noexcept override { return spec_; }
  Precision precision() const noexcept override { return precision_; }
  std::span<const ParameterSpec> parameters() const noexcept override {
    return topology_.parameters;
  }

  void bind(std::span<const DeviceParameterView> views) override {
    check_views(topology_.parameters, views);
    weights_.bind(device_, views);
    views_.assign(views.begin(), views.end());
    ++changes_;
    parameters_changed();
  }
  void parameters_changed() noexcept override { is_stale_ = true; }

  void report_at(std::span<const std::size_t> parameters) override {
    part_ends_.clear();
    for (std::size_t i = steps_.size(); i > 0; --i)
      if (i == 1 || has_any(*steps_[i - 1].layer, parameters)) part_ends_.push_back(i - 1);
    ++changes_;
  }

  void train(DeviceStream& stream, const DeviceBatch& batch, float loss_scale,
             DeviceSpan<float> sums, const GradientReady& ready) override {
    check(batch, sums);
    if (batch.size() == 0) return report_ready(0, steps_.size(), ready);
    const Pass pass = begin(stream, batch, loss_scale, sums, true);
    // A graph has the number of lanes in it.
    const std::size_t samples = batch.lanes == lane_.most_lanes() ? batch.size() : 0;
    graphs_.begin(stream, samples, part_ends_.size(), changes());
    std::size_t end = steps_.size();
    for (const std::size_t begin : part_ends_) {
      graphs_.run(stream, [&] { train_part(pass, batch.size(), begin, end); });
      report_ready(begin, end, ready);
      end = begin;
    }
  }

  void evaluate(DeviceStream& stream, const DeviceBatch& batch, DeviceSpan<float> sums) override {
    check(batch, sums);
    if (batch.size() == 0) return;
    forward(begin(stream, batch, 1.0F, sums, false), batch.size());
    loss_.measure(stream, logits(batch.size()), lane_.lane(), batch.lanes, {});
  }

 private:
  struct Step {
    const ResolvedLayer* layer;  ///< the first one: those behind it have no parameters
    std::unique_ptr<Stage> stage;
    StageValues values;
    StageGradients gradients = {};
    std::size_t workspace = 0;  ///< a part of the memory
  };

  std::vector<std::size_t> all_parameters() const {
    std::vector<std::size_t> all(topology_.parameters.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
  }

  void make_stages() {
    for (std::size_t i = 0; i < topology_.layers.size();)
      i = add_stage(i);
  }

  /// Of layer `i` and those behind it that are part of it; returns which layer is next.
  std::size_t add_stage(std::size_t i) {
    const ResolvedLayer& layer = topology_.layers[i];
    StageValues values{.source = layer.source, .shortcut = {}, .output = i + 1};
    if (std::holds_alternative<Add>(layer.layer)) values.shortcut = layer.shortcut;
    Tail tail;
    const ResolvedLayer* last = &layer;
    const auto* const add = takes_add(layer) ? only_reader<Add>(topology_, i) : nullptr;
    if (add != nullptr) {
      tail.adds = true;
      values.shortcut = other_summand(*add, i + 1);
      last = add;
    }
    const bool can_have_relu = takes_relu(*last);
    const auto* const relu = can_have_relu ? only_reader<Relu>(topology_, last->index) : nullptr;
    if (relu != nullptr) {
      tail.activation = Activation::relu;
      last = relu;
    }
    auto stage = make_stage(context_, layer, tail);
    values.output = last->index + 1;
    values.source_gradient = stage->source_gradient();
    values.shortcut_gradient = stage->shortcut_gradient();
    const std::size_t workspace = memory_.add(stage->workspace_bytes_per_sample());
    steps_.push_back({&layer, std::move(stage), values, {}, workspace});
    return values.output;
  }

  /// Every value has a part: forward passes of training keep them all.
  void place_values() {
    const auto place = [this](std::size_t number) {
      value_parts_[number] = memory_.add(shapes_[number].elements() * bytes_of(precision_));
    };
    place(0);
    for (const Step& step : steps_)
      place(step.values.output);
  }

  void place_gradients() {
    std::vector<StageValues> stages;
    for (const Step& step : steps_)
      stages.push_back(step.values);
    std::vector<std::size_t> elements;
    for (const ImageShape& shape : shapes_)
      elements.push_back(shape.elements());
    GradientPlan plan = plan_gradients(stages, elements, wanted_gradients(topology_));
    for (std::size_t i = 0; i < steps_.size(); ++i)
      steps_[i].gradients = std::move(plan.stages[i]);
    for (const std::size_t count : plan.buffers)
      gradient_parts_.push_back(memory_.add(count * bytes_of(precision_)));
  }

  void reserve(std::size_t samples) {
    if (samples <= reserved_) return;
    memory_.reserve(device_, samples);
    loss_.reserve(device_, samples, lane_.most_lanes());
    reserved_ = samples;
    ++changes_;
  }

  /// All that is measured is measured here, before any rank waits for another one's work.
  void choose_plans(std::size_t samples) {
    if (samples == 0) return;
    DeviceStream stream(device_, "setup");
    const Pass pass = pass_on(stream, lane_.most_lanes(), true);
    for (const Step& step : steps_)
      step.stage->choose(pass, tensors(step, samples));
    stream.wait();
  }

  /// Of what captured work knows: addresses and parts.
  std::size_t changes() const {
    return changes_ + (context_.libraries ? context_.libraries->memory_moves() : 0);
  }

  void check(const DeviceBatch& batch, DeviceSpan<float> sums) const {
    if (views_.size() != topology_.parameters.size())
      throw UsageError(fmt::format("network '{}' was not bound: call bind first", spec_.name));
    if (batch.images.size() != batch.size() * spec_.input.elements())
      throw UsageError(fmt::format(
          "{} labels and {} image values in a GPU's memory: network '{}' needs {} for each sample",
          batch.size(), batch.images.size(), spec_.name, spec_.input.elements()));
    require(batch.weights.empty() || batch.weights.size() == batch.size(),
            "a batch in a GPU's memory has a weight for each label or none");
    if (batch.lanes == 0 || batch.lanes > lane_.most_lanes() || batch.size() % batch.lanes != 0)
      throw UsageError(
          fmt::format("a batch of {} samples as {} lanes: network '{}' takes 1 to {}, "
                      "all of the same length",
                      batch.size(), batch.lanes, spec_.name, lane_.most_lanes()));
    require(sums.size() == 2, "the sums of a batch are two: of the loss, and of correct samples");
  }

  Pass begin(DeviceStream& stream, const DeviceBatch& batch, float loss_scale,
             DeviceSpan<float> sums, bool trains) {
    reserve(batch.size());
    if (std::exchange(is_stale_, false)) weights_.refresh(stream);
    const Lane lane{.images = batch.images.data(),
                    .labels = batch.labels.data(),
                    .weights = batch.weights.data(),
                    .sums = sums.data(),
                    .loss_scale = loss_scale};
    lane_.store(stream, lane, {seed_, batch.step, batch.lane}, batch.lanes, trains);
    return pass_on(stream, batch.lanes, trains);
  }

  Pass pass_on(DeviceStream& stream, std::size_t lanes, bool trains) {
    return {.stream = stream,
            .trains = trains,
            .lanes = lanes,
            .weight_sums = loss_.weight_sums(),
            .slice_sums = slice_sums_.span().data(),
            .weight_gradient = weight_gradient_.span()};
  }

  void forward(const Pass& pass, std::size_t samples) {
    convert_images(pass.stream, lane_.lane(), value(0, samples));
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      if (!pass.trains && feeds_next_alone(i) &&
          step.stage->forward_with(pass, tensors(step, samples), *steps_[i + 1].stage,
                                   tensors(steps_[i + 1], samples)))
        ++i;
      else
        step.stage->forward(pass, tensors(step, samples));
    }
  }

  /// Whether nobody but the next step reads what this one writes, and that once.
  bool feeds_next_alone(std::size_t i) const {
    if (i + 1 == steps_.size()) return false;
    const std::size_t output = steps_[i].values.output;
    return steps_[i + 1].values.source == output && readers_[output] == 1;
  }

  /// The backward passes of the steps [begin, end), and what is in front of the last one's.
  void train_part(const Pass& pass, std::size_t samples, std::size_t begin, std::size_t end) {
    if (end == steps_.size()) {
      forward(pass, samples);
      loss_.measure(pass.stream, logits(samples), lane_.lane(), pass.lanes,
                    gradient(steps_.back().gradients.output, topology_.layers.size(), samples));
    }
    for (std::size_t i = end; i > begin; --i)
      backward(pass, steps_[i - 1], samples);
  }

  void backward(const Pass& pass, const Step& step, std::size_t samples) {
    if (step.gradients.output) step.stage->backward(pass, tensors(step, samples));
    for (const GradientSum& sum : step.gradients.sums)
      add(pass.stream, gradient(sum.a, sum.value, samples), gradient(sum.b, sum.value, samples),
          Activation::none, gradient(sum.sum, sum.value, samples));
  }

  /// Of the steps [begin, end), backwards.
  void report_ready(std::size_t begin, std::size_t end, const GradientReady& ready) const {
    for (std::size_t i = end; i > begin; --i)
      nn::report_ready(*steps_[i - 1].layer, ready);
  }

  StageTensors tensors(const Step& step, std::size_t samples) {
    const StageValues& values = step.values;
    return {
        .input = value(values.source, samples),
        .shortcut = values.shortcut ? value(*values.shortcut, samples) : Tensor{},
        .output = value(values.output, samples),
        .output_diff = gradient(step.gradients.output, values.output, samples),
        .input_diff = gradient(step.gradients.source, values.source, samples),
        .shortcut_diff = gradient(step.gradients.shortcut, values.shortcut.value_or(0), samples),
        .workspace = memory_.at(step.workspace)};
  }

  Tensor logits(std::size_t samples) { return value(topology_.layers.size(), samples); }
  Tensor value(std::size_t number, std::size_t samples) {
    return {memory_.at(value_parts_[number]), precision_, samples, shapes_[number]};
  }
  /// In that buffer, the gradient of that value.
  Tensor gradient(std::optional<std::size_t> buffer, std::size_t number, std::size_t samples) {
    if (!buffer) return {};
    return {memory_.at(gradient_parts_[*buffer]), precision_, samples, shapes_[number]};
  }

  Device device_;
  NetworkSpec spec_;
  Precision precision_;
  std::uint64_t seed_;
  Topology topology_;
  std::vector<std::size_t> readers_ = topology_.readers();
  std::vector<ImageShape> shapes_ = shapes_of(topology_);
  std::vector<DeviceParameterView> views_;
  WorkingWeights weights_;
  LaneMemory lane_;
  StageContext context_;
  std::vector<Step> steps_;
  SampleMemory memory_;
  std::vector<std::size_t> value_parts_ = std::vector<std::size_t>(shapes_.size());
  std::vector<std::size_t> gradient_parts_;
  Loss loss_;
  DeviceMemory<double> slice_sums_;
  DeviceMemory<float> weight_gradient_;
  bool is_stale_ = true;
  std::size_t reserved_ = 0;            ///< samples
  std::vector<std::size_t> part_ends_;  ///< steps at which parts of the backward pass end
  std::size_t changes_ = 0;
  PassGraphs graphs_;
};

}  // namespace
}  // namespace cuda

std::unique_ptr<DeviceNetwork> make_device_network(const Device& device, const NetworkSpec& spec,
                                                   const DeviceNetworkOptions& options) {
  precision::check(options.precision);
  return std::make_unique<cuda::CudaNetwork>(device, spec, options);
}

}  // namespace rondo::nn
