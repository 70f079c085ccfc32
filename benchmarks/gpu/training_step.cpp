// SPDX-FileCopyrightText: 2026 The Rondo authors
// SPDX-License-Identifier: Apache-2.0
#include "gpu/training_step.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "rondo/base/device_memory.hpp"
#include "rondo/optim/device_optimizer.hpp"
#include "rondo/precision/device_norm.hpp"

#include "gpu/gpu_array.hpp"
#include "gpu/network_work.hpp"
#include "gpu/tensors.hpp"

namespace rondo::bench {
namespace {

constexpr std::uint64_t start_seed = 1;
constexpr float step_lr = 0.02F;
constexpr optim::OptimizerOptions sgd{.momentum = 0.9F, .weight_decay = 5e-5F};
constexpr double step_clip_norm = 1;
constexpr float statistic_momentum = 0.1F;
constexpr float f16_loss_scale = 1024;
/// Steps from the start that are repeated after the measurement.
constexpr std::size_t repeated_steps = 8;

std::vector<float> synthetic_images(std::size_t elements) {
  std::vector<float> images(elements);
  for (std::size_t i = 0; i < elements; ++i)
    images[i] = pattern_value(i, 3);
  return images;
}

std::vector<std::int32_t> synthetic_labels(std::size_t batch, std::size_t classes) {
  std::vector<std::int32_t> labels(batch);
  for (std::size_t i = 0; i < batch; ++i)
    labels[i] = static_cast<std::int32_t>(i * 7919 % classes);
  return labels;
}

/// The points in the stream of one step.
struct StepEvents {
  explicit StepEvents(const Device& device)
      : begin(device, EventTime::noted),
        passed(device, EventTime::noted),
        end(device, EventTime::noted) {}

  DeviceEvent begin;
  DeviceEvent passed;
  DeviceEvent end;
};

/// A model with its optimizer in a GPU's memory, and the batch.
class TrainingStep {
 public:
  TrainingStep(const Device& device, const nn::NetworkSpec& spec, const StepOptions& options)
      : policy_(options.precision),
        loss_scale_(policy_.scales_loss() ? f16_loss_scale : 1.0F),
        network_(nn::make_device_network(device, spec,
                                         {.kernels = options.kernels,
                                          .plans = options.plans,
                                          .graphs = options.graphs,
                                          .precision = policy_,
                                          .micro_batch = options.batch,
                                          .seed = start_seed})),
        model_(make_gpu_model(network_->parameters())),
        optimizer_("sgd", sgd),
        pieces_(device, model_.pieces),
        norm_(device, pieces_),
        values_(device, model_.arena_elements, "values"),
        grads_(device, model_.arena_elements, "gradients"),
        momentum_(device, model_.arena_elements, "momentum"),
        copy_(device, policy_.has_copy() ? model_.arena_elements : 0, "bf16 copy"),
        slots_{momentum_.span()},
        images_(device, synthetic_images(options.batch * spec.input.elements())),
        labels_(device, synthetic_labels(options.batch, spec.classes)) {
    network_->bind(views());
  }

  std::size_t parameters() const { return model_.parameters; }

  /// The state before the first step.
  void start(DeviceStream& stream) {
    std::vector<float> values(model_.arena_elements);
    std::vector<ParameterView> parts;
    for (std::size_t i = 0; i < model_.begins.size(); ++i)
      parts.push_back(
          {.value = std::span(values).subspan(model_.begins[i], length(i)), .grad = {}});
    nn::initialize(network_->spec(), parts, start_seed);
    std::vector<bfloat16> rounded(copy_.size());
    for (std::size_t i = 0; i < rounded.size(); ++i)
      rounded[i] = bfloat16(values[i]);
    copy<float>(stream, std::span<const float>(values), values_.span());
    copy<bfloat16>(stream, std::span<const bfloat16>(rounded), copy_.span());
    clear(stream, momentum_.span());
    stream.wait();
    network_->parameters_changed();
    steps_ = 0;
  }

  /// Adds the loss of the batch to sums[0].
  void pass(DeviceStream& stream, DeviceSpan<float> sums) {
    clear(stream, grads_.span());
    const nn::DeviceBatch batch{
        .images = images_.view(), .labels = labels_.view(), .step = steps_ + 1};
    network_->train(stream, batch, loss_scale_, sums, {});
  }

  void update(DeviceStream& stream) {
    const auto samples = static_cast<double>(labels_.view().size());
    norm_.measure(stream, std::as_const(grads_).span(),
                  {.divisor = samples * loss_scale_, .clip_norm = step_clip_norm});
    const optim::DeviceArena arena{.values = values_.span(),
                                   .grads = std::as_const(grads_).span(),
                                   .slots = slots_,
                                   .copy = copy_.span()};
    optimizer_.update(
        stream, pieces_, arena, {.step = ++steps_, .lr = step_lr},
        {.momentum = statistic_momentum, .weight_inverse = static_cast<float>(1 / samples)},
        norm_.verdict());
    network_->parameters_changed();
  }

  std::vector<float> values(DeviceStream& stream) const { return read_gpu(stream, values_.span()); }

 private:
  std::size_t length(std::size_t parameter) const {
    return element_count(network_->parameters()[parameter].shape);
  }

  std::vector<DeviceParameterView> views() {
    std::vector<DeviceParameterView> all;
    for (std::size_t i = 0; i < model_.begins.size(); ++i) {
      const auto part = [&](auto memory) { return memory.subspan(model_.begins[i], length(i)); };
      all.push_back({.value = part(values_.span()), .grad = part(grads_.span())});
      if (policy_.has_copy()) all.back().copy = part(copy_.span());
    }
    return all;
  }

  precision::Policy policy_;
  float loss_scale_;
  std::unique_ptr<nn::DeviceNetwork> network_;
  GpuModel model_;
  optim::DeviceOptimizer optimizer_;
  precision::DevicePieces pieces_;
  precision::GradientNorm norm_;
  DeviceMemory<float> values_;
  DeviceMemory<float> grads_;
  DeviceMemory<float> momentum_;
  DeviceMemory<bfloat16> copy_;
  std::array<DeviceSpan<float>, 1> slots_;
  GpuArray<float> images_;
  GpuArray<std::int32_t> labels_;
  std::uint64_t steps_ = 0;
};

/// Steps on one stream, none of which waits for the one before on the host.
class StepRun {
 public:
  StepRun(const Device& device, TrainingStep& step, DeviceStream& stream, std::size_t count)
      : sums_(device, 2 * count, "losses") {
    for (std::size_t i = 0; i < count; ++i) {
      StepEvents& events = events_.emplace_back(device);
      events.begin.record(stream);
      step.pass(stream, sums_.span().subspan(2 * i, 2));
      events.passed.record(stream);
      step.update(stream);
      events.end.record(stream);
    }
    losses_ = read_gpu(stream, std::as_const(sums_).span());
  }

  /// Appends the mean loss of each step over its samples.
  void append_losses(std::vector<double>& losses, std::size_t batch) const {
    for (std::size_t i = 0; i < events_.size(); ++i)
      losses.push_back(losses_[2 * i] / static_cast<double>(batch));
  }
  Summary step_seconds() const {
    return summary([](const StepEvents& e) { return e.end.seconds_since(e.begin); });
  }
  Summary pass_seconds() const {
    return summary([](const StepEvents& e) { return e.passed.seconds_since(e.begin); });
  }

 private:
  template <class Seconds>
  Summary summary(Seconds seconds) const {
    std::vector<double> all;
    for (const StepEvents& events : events_)
      all.push_back(seconds(events));
    return summarize(all);
  }

  DeviceMemory<float> sums_;
  std::vector<StepEvents> events_;
  std::vector<float> losses_;
};

}  // namespace

std::size_t wrong_losses(std::span<const double> losses) {
  const auto is_finite = [](double loss) { return std::isfinite(loss); };
  const auto not_finite =
      losses.size() - static_cast<std::size_t>(std::ranges::count_if(losses, is_finite));
  const bool decreases = !losses.empty() && losses.back() < losses.front();
  return not_finite + (decreases ? 0 : 1);
}

StepFigures measure_step(const Device& device, const StepOptions& options,
                         const GpuRaceOptions& race) {
  const std::size_t free_before = device.free_bytes();
  const nn::NetworkSpec spec =
      nn::make_model(options.model, {3, options.image_size, options.image_size}, options.classes);
  const NetworkWork work = network_work(spec);
  TrainingStep step(device, spec, options);
  DeviceStream stream(device);

  step.start(stream);
  std::vector<double> losses;
  StepRun(device, step, stream, repeated_steps).append_losses(losses, options.batch);
  std::vector<float> expected;
  if (race.verify) expected = step.values(stream);
  StepRun(device, step, stream, race.warmup).append_losses(losses, options.batch);
  const StepRun timed(device, step, stream, race.repeats);
  timed.append_losses(losses, options.batch);
  const std::size_t free_after = device.free_bytes();
  std::size_t wrong = wrong_losses(losses);
  if (race.verify) {
    step.start(stream);
    const StepRun repeated(device, step, stream, repeated_steps);
    wrong += different_bits<float>(step.values(stream), expected);
  }

  StepFigures figures{.seconds = timed.step_seconds(),
                      .pass_seconds = timed.pass_seconds(),
                      .flops = 2.0 * static_cast<double>(work.training * options.batch),
                      .parameters = step.parameters(),
                      .device_bytes = free_before - std::min(free_before, free_after),
                      .first_loss = losses.front(),
                      .last_loss = losses.back(),
                      .wrong = wrong};
  figures.samples_per_second = static_cast<double>(options.batch) / figures.seconds.median;
  return figures;
}

}  // namespace rondo::bench
